// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a cluster and as whom. Either a {@code ceph.conf} with a keyring, or monitors, user
 * and key told one by one, or both, in which case what is told here wins. Immutable, thread-safe;
 * never shows a secret.
 *
 * <p>Defaults: connect within 15 s, operations within 30 s, snapshots asked again after 5 s and
 * given up after 60 s, the client libraries of the system.
 */
public final class CephConfig {
  private static final Duration CONNECT = Duration.ofSeconds(15);
  private static final Duration OPERATION = Duration.ofSeconds(30);
  private static final Duration SNAPSHOT_RETRY = Duration.ofSeconds(5);
  private static final Duration SNAPSHOT = Duration.ofSeconds(60);

  private final @Nullable Path file;
  private final List<String> monitors;
  private final String user;
  private final char @Nullable [] key;
  private final @Nullable Path keyring;
  private final Map<String, String> options;
  private final @Nullable Path libraryPath;
  private final Duration connectDeadline;
  private final Duration operationDeadline;
  private final Duration snapshotRetry;
  private final Duration snapshotDeadline;

  private CephConfig(Builder builder, String user) {
    this.user = user;
    file = builder.file;
    monitors = List.copyOf(builder.monitors);
    key = builder.key == null ? null : builder.key.clone();
    keyring = builder.keyring;
    options = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(builder.options));
    libraryPath = builder.libraryPath;
    connectDeadline = builder.connectDeadline;
    operationDeadline = builder.operationDeadline;
    snapshotRetry = builder.snapshotRetry;
    snapshotDeadline = builder.snapshotDeadline;
  }

  /**
   * A cluster described by a {@code ceph.conf}, whose {@code keyring} setting or default keyring
   * holds the user's key.
   *
   * @param file the configuration file; read when a connection is made
   * @param user the Ceph user, {@code "client.backup"} or {@code "backup"}
   */
  public static CephConfig fromFile(Path file, String user) {
    return builder().file(file).user(user).build();
  }

  /** A builder with nothing but defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A builder that starts with what this configuration says. */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.file = file;
    builder.monitors.addAll(monitors);
    builder.user = user;
    builder.key = key == null ? null : key.clone();
    builder.keyring = keyring;
    builder.options.putAll(options);
    builder.libraryPath = libraryPath;
    builder.connectDeadline = connectDeadline;
    builder.operationDeadline = operationDeadline;
    builder.snapshotRetry = snapshotRetry;
    builder.snapshotDeadline = snapshotDeadline;
    return builder;
  }

  /** The {@code ceph.conf}, if there is one. */
  public Optional<Path> file() {
    return Optional.ofNullable(file);
  }

  /** The monitors that were told here; empty if only the file names them. */
  public List<String> monitors() {
    return monitors;
  }

  /** The Ceph user with its type: {@code "client.backup"}. */
  public String user() {
    return user;
  }

  /** A copy of the user's key, if it was told here. Whoever gets it overwrites it after use. */
  public Optional<char[]> key() {
    return key == null ? Optional.empty() : Optional.of(key.clone());
  }

  /** The file with the user's key, if it was told here. */
  public Optional<Path> keyring() {
    return Optional.ofNullable(keyring);
  }

  /** Options of the Ceph client libraries, in the order in which they are set. */
  public Map<String, String> options() {
    return options;
  }

  /** The folder of librados and librbd, if they are not the system's. */
  public Optional<Path> libraryPath() {
    return Optional.ofNullable(libraryPath);
  }

  /** How long connecting may take. */
  public Duration connectDeadline() {
    return connectDeadline;
  }

  /** How long the cluster may take to answer one operation. */
  public Duration operationDeadline() {
    return operationDeadline;
  }

  /**
   * After which time a client that holds an image's lock is asked again to take or remove a
   * snapshot.
   */
  public Duration snapshotRetry() {
    return snapshotRetry;
  }

  /** How long taking or removing a snapshot may take. */
  public Duration snapshotDeadline() {
    return snapshotDeadline;
  }

  /** Everything but the key. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("CephConfig[").append(user);
    if (file != null) {
      text.append(", ").append(file);
    }
    if (!monitors.isEmpty()) {
      text.append(", monitors ").append(monitors);
    }
    if (key != null) {
      text.append(", key ***");
    }
    if (keyring != null) {
      text.append(", keyring ").append(keyring);
    }
    options.forEach((name, value) -> text.append(", ").append(name).append('=').append(value));
    if (libraryPath != null) {
      text.append(", libraries in ").append(libraryPath);
    }
    return text.append(", connect within ")
        .append(connectDeadline.toMillis())
        .append(" ms, operations within ")
        .append(operationDeadline.toMillis())
        .append(" ms]")
        .toString();
  }

  /** Collects what a {@link CephConfig} says. Not thread-safe. */
  public static final class Builder {
    private @Nullable Path file;
    private final List<String> monitors = new ArrayList<>();
    private @Nullable String user;
    private char @Nullable [] key;
    private @Nullable Path keyring;
    private final Map<String, String> options = new LinkedHashMap<>();
    private @Nullable Path libraryPath;
    private Duration connectDeadline = CONNECT;
    private Duration operationDeadline = OPERATION;
    private Duration snapshotRetry = SNAPSHOT_RETRY;
    private Duration snapshotDeadline = SNAPSHOT;

    private Builder() {}

    /** The {@code ceph.conf}; read when a connection is made. Default: none. */
    public Builder file(Path file) {
      this.file = Objects.requireNonNull(file, "file");
      return this;
    }

    /**
     * The monitors, in place of those in the file.
     *
     * @param monitors addresses as in {@code mon_host}: {@code "10.0.0.1"}, {@code
     *     "10.0.0.1:6789"}, {@code "v2:10.0.0.1:3300"}
     */
    public Builder monitors(String... monitors) {
      this.monitors.clear();
      for (String monitor : monitors) {
        if (monitor.isBlank()) {
          throw new IllegalArgumentException("a monitor's address is blank");
        }
        this.monitors.add(monitor.trim());
      }
      return this;
    }

    /** The Ceph user, {@code "client.backup"} or {@code "backup"}. Must be set. */
    public Builder user(String user) {
      this.user = Objects.requireNonNull(user, "user");
      return this;
    }

    /**
     * The user's key, in place of a keyring. Copied; the caller can overwrite it at once.
     *
     * @param key the key as {@code ceph auth get-key} prints it
     */
    public Builder key(char[] key) {
      this.key = key.clone();
      return this;
    }

    /** The file with the user's key, in place of the one that the {@code ceph.conf} names. */
    public Builder keyring(Path keyring) {
      this.keyring = Objects.requireNonNull(keyring, "keyring");
      return this;
    }

    /**
     * An option of the Ceph client libraries, as in the {@code [client]} section of a {@code
     * ceph.conf}. Wins over the file and over what this SDK sets by itself.
     *
     * @throws IllegalArgumentException for the option {@code key}: keys are told by {@link #key}
     */
    public Builder option(String name, String value) {
      String plain =
          Objects.requireNonNull(name, "name").trim().toLowerCase(Locale.ROOT).replace(' ', '_');
      if (plain.equals("key")) {
        throw new IllegalArgumentException(
            "the key is told by key(char[]), which keeps it out of logs");
      }
      options.put(plain, Objects.requireNonNull(value, "value"));
      return this;
    }

    /**
     * The folder that holds {@code librados.so.2} and {@code librbd.so.1}, for clusters that bring
     * client libraries of their own. A process can use one set of libraries only. Libraries that
     * these need in turn are looked for where the system's linker looks ({@code LD_LIBRARY_PATH}).
     */
    public Builder libraryPath(Path libraryPath) {
      this.libraryPath = Objects.requireNonNull(libraryPath, "libraryPath");
      return this;
    }

    /** How long connecting may take; 1 s or more. Default 15 s. */
    public Builder connectDeadline(Duration deadline) {
      connectDeadline = seconds("connectDeadline", deadline);
      return this;
    }

    /**
     * How long the cluster may take to answer one operation; 1 s or more, rounded up to whole
     * seconds. Default 30 s. A long diff is many operations.
     */
    public Builder operationDeadline(Duration deadline) {
      operationDeadline = seconds("operationDeadline", deadline);
      return this;
    }

    /**
     * After which time a client that holds an image's lock (QEMU) is asked again to take or remove
     * a snapshot; 1 s or more. Default 5 s. Clients older than Pacific never confirm to newer
     * libraries, so that with them each snapshot takes this long.
     */
    public Builder snapshotRetry(Duration time) {
      snapshotRetry = seconds("snapshotRetry", time);
      return this;
    }

    /** How long taking or removing a snapshot may take; 1 s or more. Default 60 s. */
    public Builder snapshotDeadline(Duration deadline) {
      snapshotDeadline = seconds("snapshotDeadline", deadline);
      return this;
    }

    /**
     * The configuration.
     *
     * @throws IllegalArgumentException if the user is missing, or neither file nor monitors are set
     */
    public CephConfig build() {
      if (user == null || user.isBlank()) {
        throw new IllegalArgumentException("no Ceph user is set");
      }
      if (file == null && monitors.isEmpty()) {
        throw new IllegalArgumentException("neither a ceph.conf nor monitors are set");
      }
      return new CephConfig(this, user.indexOf('.') < 0 ? "client." + user : user);
    }

    private static Duration seconds(String what, Duration time) {
      if (time.compareTo(Duration.ofSeconds(1)) < 0 || time.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException(what + " is not between 1 s and 1 day: " + time);
      }
      return time;
    }
  }
}
