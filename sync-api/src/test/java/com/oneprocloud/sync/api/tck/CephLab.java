// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * A real Ceph cluster on the loopback address for tests: pools {@code volumes}, {@code
 * volumes-hdd}, {@code vms}, {@code images}, {@code volumes-data} and {@code backups}, and users
 * from {@code admin} to the least-privilege {@code sync-reader} and {@code sync-snapshotter}. It is
 * the cluster of {@code benchmarks/lab/ceph} and stays up after the tests, so that the next run
 * finds it at once; tests share it and therefore name their images uniquely and remove them.
 *
 * <p>Two settings, each a system property or an environment variable: {@code SYNC_LAB_RELEASE} is
 * the Ceph release to bring up, {@code SYNC_LAB_CEPH_CONF} the {@code ceph.conf} of a cluster that
 * runs already, beside which lie the keyrings {@code ceph.client.USER.keyring}.
 *
 * <p>Immutable and safe for use by many threads; the faults act on the cluster that all share.
 */
public final class CephLab {
  private static final Duration UP = Duration.ofMinutes(15);
  private static final Duration TOOL = Duration.ofSeconds(90);

  /** The cluster that the tests of this JVM share: looking whether it is up costs each a second. */
  private static @Nullable CephLab shared;

  private final LabCommand command;
  private final Path conf;
  private final String fsid;
  private final String release;
  private final @Nullable String name;

  /**
   * @param name the cluster's name in the lab, null for one that is not the lab's
   */
  private CephLab(
      LabCommand command, Path conf, String fsid, String release, @Nullable String name) {
    this.command = command;
    this.conf = conf;
    this.fsid = fsid;
    this.release = release;
    this.name = name;
  }

  /**
   * Brings the cluster up, once in a JVM: 0.2 s when it runs already, a minute or two when packages
   * must come first.
   *
   * @throws TestAbortedException when this machine cannot carry the lab (no root, no apt), unless
   *     {@code CI=true} or {@code SYNC_LAB_REQUIRED=true}
   * @throws AssertionError when it cannot and one of these is set
   * @throws IllegalStateException when the cluster does not come up
   */
  public static synchronized CephLab start() {
    CephLab lab = shared;
    if (lab == null) {
      lab = startShared();
      shared = lab;
    }
    return lab;
  }

  private static CephLab startShared() {
    LabCommand command = new LabCommand("ceph");
    String given = LabCommand.setting("SYNC_LAB_CEPH_CONF");
    if (given != null && !given.isBlank()) {
      return running(command, Path.of(given));
    }
    return up(command);
  }

  /**
   * Brings up a cluster that nobody else uses, beside the shared one: for tests that freeze it or
   * stop its OSDs. {@link #wipe} ends it. Ignores {@code SYNC_LAB_CEPH_CONF}; throws as {@link
   * #start}.
   *
   * @param name names its state folder, for instance {@code faults}
   * @param port the first of 100 loopback ports
   */
  public static CephLab startSeparate(String name, int port) {
    return up(new LabCommand("ceph"), "--name", name, "--port", Integer.toString(port));
  }

  /** The same with a network of its own, so that it can be {@link #cut} off. */
  public static CephLab startSeparateNetwork(String name, int port) {
    return up(
        new LabCommand("ceph"), "--name", name, "--port", Integer.toString(port), "--network");
  }

  private static CephLab up(LabCommand command, String... options) {
    List<String> arguments = new ArrayList<>(List.of("up"));
    arguments.addAll(List.of(options));
    String release = LabCommand.setting("SYNC_LAB_RELEASE");
    if (release != null && !release.isBlank()) {
      arguments.addAll(List.of("--release", release));
    }
    Map<String, String> values = command.values(UP, arguments.toArray(String[]::new));
    return new CephLab(
        command,
        Path.of(value(values, "CEPH_CONF")),
        value(values, "FSID"),
        value(values, "RELEASE"),
        value(values, "NAME"));
  }

  private static CephLab running(LabCommand command, Path conf) {
    if (!Files.isReadable(conf)) {
      throw new IllegalStateException("SYNC_LAB_CEPH_CONF names no readable file: " + conf);
    }
    String fsid = tool(conf, "ceph", "fsid").strip();
    // "ceph version 16.2.15 (618f...) pacific (stable)"
    String[] version = tool(conf, "ceph", "version").strip().split(" ", -1);
    return new CephLab(command, conf, fsid, version.length > 4 ? version[4] : "unknown", null);
  }

  private static String value(Map<String, String> values, String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalStateException("benchmarks/lab/ceph up printed no " + key + ": " + values);
    }
    return value;
  }

  /** The cluster's {@code ceph.conf}; it names the keyring of every user of {@link #keyring}. */
  public Path conf() {
    return conf;
  }

  /** The cluster's id. */
  public String fsid() {
    return fsid;
  }

  /** The servers' release, for instance {@code pacific}. */
  public String release() {
    return release;
  }

  /** The keyring of a user, given without {@code client.}, for instance {@code sync-reader}. */
  public Path keyring(String user) {
    return conf.resolveSibling("ceph.client." + user + ".keyring");
  }

  /**
   * Runs {@code rbd} as the administrator.
   *
   * @return what it wrote to its standard output
   * @throws IllegalStateException when it ends with an error, or not within 90 s; the message holds
   *     what it wrote
   */
  public String rbd(String... arguments) {
    return tool(conf, "rbd", arguments);
  }

  /** Runs {@code rados} as the administrator; see {@link #rbd}. */
  public String rados(String... arguments) {
    return tool(conf, "rados", arguments);
  }

  /** Runs {@code ceph} as the administrator; see {@link #rbd}. */
  public String ceph(String... arguments) {
    return tool(conf, "ceph", arguments);
  }

  /** Freezes all daemons (SIGSTOP). Call {@link #resume} in a {@code finally}. */
  public void pause() {
    fault("pause", null);
  }

  /** Wakes all daemons (SIGCONT). */
  public void resume() {
    fault("resume", null);
  }

  /**
   * Stops one OSD; with a single OSD all I/O waits. Call {@link #startOsd} in a {@code finally}.
   */
  public void stopOsd(int osd) {
    fault("stop-osd", Integer.toString(osd));
  }

  /** Starts the OSD again and waits until all placement groups are active and clean. */
  public void startOsd(int osd) {
    fault("start-osd", Integer.toString(osd));
  }

  /**
   * Ends a daemon at once, for instance {@code "mon.a"}. Call {@link #startDaemon} in a {@code
   * finally}.
   */
  public void kill(String daemon) {
    fault("kill", daemon);
  }

  /** Starts a daemon, if it does not run; waits for nothing. */
  public void startDaemon(String daemon) {
    fault("start", daemon);
  }

  /**
   * Pulls the cable to a cluster of {@link #startSeparateNetwork}. Call {@link #heal} in a {@code
   * finally}.
   */
  public void cut() {
    fault("cut", null);
  }

  /** Puts the cable back. */
  public void heal() {
    fault("heal", null);
  }

  /**
   * Slows what a cluster of {@link #startSeparateNetwork} sends.
   *
   * @param rate as {@code tc} writes it, for instance {@code 1gbit}
   */
  public void limit(String rate) {
    fault("limit", rate);
  }

  /** Stops the cluster and removes its data; only for one of {@link #startSeparate}. */
  public void wipe() {
    fault("wipe", null);
  }

  private void fault(String verb, @Nullable String of) {
    if (name == null) {
      throw command.cannotRun(
          verb + " on the cluster of SYNC_LAB_CEPH_CONF, which is not the lab's");
    }
    List<String> arguments = new ArrayList<>(List.of(verb, "--release", release, "--name", name));
    if (of != null) {
      arguments.add(of);
    }
    command.run(Duration.ofMinutes(3), arguments.toArray(String[]::new));
  }

  private static String tool(Path conf, String program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(arguments));
    Map<String, String> environment = Map.of("CEPH_CONF", conf.toString(), "CEPH_ARGS", "");
    return LabCommand.execute(command, environment, TOOL).orThrow(command);
  }

  @Override
  public String toString() {
    return release + " " + fsid + " (" + conf + ")";
  }
}
