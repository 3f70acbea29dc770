// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.ceph.Capabilities;
import com.oneprocloud.sync.ceph.Capability;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.internal.library.CephLibraries;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A connection to a cluster ({@code rados_t}, two for reading) with its threads. Thread-safe. */
public final class Connection implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  /**
   * What the library gets on top of a deadline to report itself that nobody answered: its message
   * says more than ours.
   */
  private static final Duration GRACE = Duration.ofSeconds(2);

  private final CephConfig config;
  private final Use use;
  private final CephLibraries libraries;
  private final NativeCalls calls;
  private final NativeBalance balance = new NativeBalance();
  private final Completions completions;
  private final Diffs diffs;
  private final Lifetime lifetime;
  private final long cluster;
  private final long control;
  private final String fsid;

  private Connection(CephConfig config, CephLibraries libraries, NativeCalls calls, Use use) {
    this.config = config;
    this.use = use;
    this.libraries = libraries;
    this.calls = calls;
    cluster = connect(config, libraries, use, balance);
    long second = cluster;
    try {
      if (use == Use.READ) {
        second = connect(config, libraries, use, balance);
      }
      control = second;
      fsid = fsid(libraries.rados(), cluster, balance);
      String name = "ceph-" + fsid.substring(0, Math.min(8, fsid.length()));
      diffs = new Diffs();
      lifetime =
          new Lifetime("the connection to cluster " + fsid, null, calls.releases(), this::release);
      completions = new Completions(libraries, balance, name);
    } catch (RuntimeException | Error e) {
      shutdown(libraries.rados(), cluster, second, balance);
      throw e;
    }
    LOG.debug("connected to {} as {}", fsid, config.user());
  }

  /** What a connection is for, which decides on its time-outs. */
  public enum Use {
    /** Reading: the library gives up by itself. */
    READ,
    /** Snapshots: the library never gives up a write, whose outcome would be unknown. */
    SNAPSHOT
  }

  /**
   * Connects.
   *
   * @param config how and as whom
   * @param use what for
   * @param hidden capabilities that are treated as missing
   */
  public static Connection open(CephConfig config, Use use, Set<Capability> hidden) {
    CephLibraries libraries = CephLibraries.load(config.libraryPath().orElse(null), hidden);
    NativeCalls calls = new NativeCalls("ceph");
    boolean connected = false;
    try {
      Connection connection =
          calls.call(
              "connect to the cluster",
              target(config),
              config.connectDeadline().plus(GRACE),
              () -> {},
              () -> new Connection(config, libraries, calls, use),
              Connection::close);
      connected = true;
      return connection;
    } finally {
      if (!connected) {
        calls.end();
      }
    }
  }

  /** How the connection was configured. */
  CephConfig config() {
    return config;
  }

  /** The cluster's fsid. */
  public String fsid() {
    return fsid;
  }

  /** What the libraries can do. */
  public Capabilities capabilities() {
    return libraries.capabilities();
  }

  /** How many calls were given up at their deadline and are still inside a library. */
  public int lostCalls() {
    return calls.lost();
  }

  /** What is open or allocated on the native side. */
  public NativeBalance balance() {
    return balance;
  }

  CephLibraries libraries() {
    return libraries;
  }

  Completions completions() {
    return completions;
  }

  Diffs diffs() {
    return diffs;
  }

  Lifetime lifetime() {
    return lifetime;
  }

  NativeCalls calls() {
    return calls;
  }

  /** The {@code rados_t}. */
  long cluster() {
    return cluster;
  }

  /**
   * Where small questions go that data waits for: a {@code rados_t} of its own if the connection is
   * for reading, because an answer comes behind all data that its OSD sends to the same client.
   */
  long control() {
    return control;
  }

  Scratch scratch() {
    return new Scratch(balance);
  }

  /** Runs a call that blocks for one operation of the cluster, on what the caller has open. */
  <T> T call(
      String operation, Object subject, Lifetime used, Supplier<T> body, Consumer<T> discard) {
    return calls.call(
        operation, subject, config.operationDeadline().plus(GRACE), used, body, discard);
  }

  /** Runs a call whose result need not be closed. */
  <T> T call(String operation, Object subject, Lifetime used, Supplier<T> body) {
    return call(operation, subject, used, body, result -> {});
  }

  /** How long closing waits for what is under way. */
  Duration patience() {
    return use == Use.READ ? config.operationDeadline().plus(GRACE) : config.snapshotDeadline();
  }

  /** Closes everything that was opened from the connection, then the connection. */
  @Override
  public void close() {
    lifetime.close(patience());
  }

  private void release() {
    completions.end();
    shutdown(libraries.rados(), cluster, control, balance);
    calls.end();
  }

  private static void shutdown(Librados rados, long cluster, long control, NativeBalance balance) {
    if (control != cluster) {
      shutdown(rados, control, balance);
    }
    shutdown(rados, cluster, balance);
  }

  private static void shutdown(Librados rados, long cluster, NativeBalance balance) {
    rados.rados_shutdown(cluster);
    balance.add(NativeBalance.Kind.CLUSTER, -1);
  }

  private static long connect(
      CephConfig config, CephLibraries libraries, Use use, NativeBalance balance) {
    Librados rados = libraries.rados();
    try (Scratch scratch = new Scratch(balance)) {
      long slot = scratch.slot();
      String name = config.file().map(Connection::clusterName).orElse("ceph");
      Errno.check(
          "connect to the cluster",
          target(config),
          rados.rados_create2(slot, scratch.text(name), scratch.text(config.user()), 0));
      long cluster = Scratch.longAt(slot);
      balance.add(NativeBalance.Kind.CLUSTER, 1);
      try {
        configure(config, libraries, use, cluster, scratch);
        int result = rados.rados_connect(cluster);
        if (result < 0) {
          throw refused(config, result);
        }
        return cluster;
      } catch (RuntimeException | Error e) {
        shutdown(rados, cluster, balance);
        throw e;
      }
    }
  }

  private static void configure(
      CephConfig config, CephLibraries libraries, Use use, long cluster, Scratch scratch) {
    Librados rados = libraries.rados();
    Path file = config.file().orElse(null);
    if (file != null) {
      int result = rados.rados_conf_read_file(cluster, scratch.text(file.toString()));
      if (result < 0) {
        throw unreadable(file, result);
      }
    }
    settings(config, use).forEach((option, value) -> set(rados, cluster, scratch, option, value));
    limits(config, use).forEach((option, value) -> require(rados, cluster, scratch, option, value));
    if (!config.monitors().isEmpty()) {
      boolean nautilus = libraries.capabilities().has(Capability.PARENT_BY_ID);
      String monitors = Monitors.host(config.monitors(), nautilus);
      require(rados, cluster, scratch, "mon_host", monitors);
    }
    config
        .keyring()
        .ifPresent(path -> require(rados, cluster, scratch, "keyring", path.toString()));
    config
        .options()
        .forEach(
            (option, value) -> {
              if (!set(rados, cluster, scratch, option, value)) {
                LOG.warn("the Ceph library does not know the option {}", option);
              }
            });
    char[] key = config.key().orElse(null);
    if (key != null) {
      long secret = scratch.secret(key);
      int result = rados.rados_conf_set(cluster, scratch.text("key"), secret);
      Scratch.wipe(secret, key.length);
      Arrays.fill(key, '\0');
      if (result < 0) {
        throw refused(config, result);
      }
    }
  }

  /** Settings that improve matters where the library knows them. */
  private static Map<String, String> settings(CephConfig config, Use use) {
    Map<String, String> settings = new LinkedHashMap<>();
    // A library in somebody else's process keeps quiet, and makes no files.
    settings.put("log_to_stderr", "false");
    settings.put("err_to_stderr", "false");
    settings.put("log_to_file", "false");
    settings.put("log_file", "");
    settings.put("admin_socket", "");
    // Everything is read once.
    settings.put("rbd_cache", "false");
    settings.put("rbd_parent_cache_enabled", "false");
    // Objects that a diff asks about at one time.
    settings.put("rbd_concurrent_management_ops", "64");
    // The engine limits what is in flight; a second, lower limit would block the library's threads.
    settings.put("objecter_inflight_ops", "8192");
    settings.put("objecter_inflight_op_bytes", Long.toString(1L << 30));
    if (use == Use.SNAPSHOT) {
      settings.put("rbd_request_timed_out_seconds", seconds(config.snapshotRetry()));
    }
    return settings;
  }

  /** Settings without which a call could hang for ever. */
  private static Map<String, String> limits(CephConfig config, Use use) {
    Map<String, String> limits = new LinkedHashMap<>();
    limits.put("client_mount_timeout", seconds(config.connectDeadline()));
    if (use == Use.READ) {
      limits.put("rados_osd_op_timeout", seconds(config.operationDeadline()));
      limits.put("rados_mon_op_timeout", seconds(config.operationDeadline()));
    }
    return limits;
  }

  /** Returns false if the library does not know the option. */
  private static boolean set(
      Librados rados, long cluster, Scratch scratch, String option, String value) {
    int result = rados.rados_conf_set(cluster, scratch.text(option), scratch.text(value));
    if (result < 0 && !Errno.ENOENT.is(result)) {
      throw new StorageException(
          failed("set option", option + "=" + value)
              .because("the Ceph library does not take it")
              .code(Errno.name(result)));
    }
    return result >= 0;
  }

  private static void require(
      Librados rados, long cluster, Scratch scratch, String option, String value) {
    if (!set(rados, cluster, scratch, option, value)) {
      throw new UnsupportedException(
          failed("set option", option + "=" + value)
              .because("the Ceph library does not know it, and without it calls could hang"));
    }
  }

  private static String seconds(Duration time) {
    return Long.toString(time.plusNanos(999_999_999).toSeconds());
  }

  /**
   * The cluster's name as the Ceph tools tell it from the name of the file: {@code
   * /etc/ceph/site.conf} is of the cluster "site".
   */
  private static String clusterName(Path file) {
    Path last = file.getFileName();
    String name = last == null ? "" : last.toString();
    return name.endsWith(".conf") && name.length() > 5
        ? name.substring(0, name.length() - 5)
        : "ceph";
  }

  private static SyncException unreadable(Path file, int result) {
    if (Errno.ENOENT.is(result)) {
      return new NotFoundException(
          failed("read the Ceph configuration", file)
              .because("there is no such file")
              .code(Errno.name(result)));
    }
    return Errno.failure("read the Ceph configuration", file, result);
  }

  /** Why a cluster did not let us in. */
  private static SyncException refused(CephConfig config, int result) {
    SyncException.Details details =
        failed("connect to the cluster", target(config)).code(Errno.name(result));
    if (Errno.ETIMEDOUT.is(result)) {
      String advice = "Check the addresses of the monitors and that this machine can reach them.";
      if (Monitors.leavesProtocolOpen(config.monitors())) {
        advice +=
            " A wrong key looks like this, too, for monitor addresses without v1: or v2: before them.";
      }
      return new DeadlineException(
          details
              .because("no monitor answered within %d ms", config.connectDeadline().toMillis())
              .advice(advice));
    }
    if (Errno.EACCES.is(result) || Errno.EPERM.is(result)) {
      return new AuthenticationException(
          details
              .because("the monitors refuse the user's key")
              .advice("Compare the key with that of: ceph auth get %s.", config.user()));
    }
    if (Errno.ENOENT.is(result)) {
      return new AuthenticationException(
          details
              .because("there is no key for this user")
              .advice("Set the key or the keyring, or put the keyring where the ceph.conf says."));
    }
    if (Errno.EOPNOTSUPP.is(result)) {
      return new AuthenticationException(
          details
              .because("client and monitors have no way of authentication in common")
              .advice(
                  "Check auth_client_required on this machine and auth_service_required of the cluster."));
    }
    if (Errno.EINVAL.is(result) || Errno.EIO.is(result)) {
      return new AuthenticationException(
          details
              .because("the Ceph library cannot use the key or the monitor addresses")
              .advice(
                  "Check both. Keys that begin with AgAI (made by Ceph 19.2.6, 20.2.4 or later) need client libraries as new as that."));
    }
    return Errno.failure("connect to the cluster", target(config), result);
  }

  private static String target(CephConfig config) {
    String where =
        config.monitors().isEmpty()
            ? config.file().map(Path::toString).orElse("?")
            : String.join(",", config.monitors());
    return config.user() + " at " + where;
  }

  private static String fsid(Librados rados, long cluster, NativeBalance balance) {
    try (Scratch scratch = new Scratch(balance)) {
      long buffer = scratch.bytes(64);
      Errno.check("read the fsid", "the cluster", rados.rados_cluster_fsid(cluster, buffer, 64));
      return Scratch.textAt(buffer);
    }
  }
}
