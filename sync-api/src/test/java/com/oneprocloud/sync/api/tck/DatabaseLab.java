// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * A real PostgreSQL and a real MariaDB on the loopback address for tests: those of {@code
 * benchmarks/lab/databases}. They stay up after the tests; tests share them and therefore make
 * databases of their own and drop them. Immutable and safe for use by many threads.
 */
public final class DatabaseLab {
  private static final Duration UP = Duration.ofMinutes(10);
  private static final LabCommand COMMAND = new LabCommand("databases");

  /** The servers that the tests of this JVM share: looking whether they are up costs time. */
  private static @Nullable DatabaseLab shared;

  private final Map<String, String> values;

  private DatabaseLab(Map<String, String> values) {
    this.values = values;
  }

  /** The servers that the lab has. */
  public enum Server {
    /** The newest PostgreSQL that is installed. */
    POSTGRESQL,
    /** The machine's MariaDB. */
    MARIADB;

    String id() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Brings both up, once in a JVM.
   *
   * @throws TestAbortedException when this machine cannot carry the lab (no root, no apt), unless
   *     {@code CI=true} or {@code SYNC_LAB_REQUIRED=true}
   * @throws AssertionError when it cannot and one of these is set
   * @throws IllegalStateException when they do not come up
   */
  public static synchronized DatabaseLab start() {
    DatabaseLab lab = shared;
    if (lab == null) {
      lab = new DatabaseLab(COMMAND.values(UP, "up"));
      shared = lab;
    }
    return lab;
  }

  /** The server's own version. */
  public String version(Server server) {
    return value(server, "VERSION");
  }

  /** Where JDBC finds it; the name of a database can be appended. */
  public String url(Server server) {
    return value(server, "URL");
  }

  /** A user that may do everything and needs no password. */
  public String user(Server server) {
    return value(server, "USER");
  }

  /** Ends a server as a power failure would. Call {@link #restart} in a {@code finally}. */
  public void crash(Server server) {
    COMMAND.run(UP, "crash", server.id());
  }

  /** Starts a server that was ended, and waits until it answers. */
  public void restart(Server server) {
    COMMAND.run(UP, "start", server.id());
  }

  private String value(Server server, String key) {
    String value = values.get(server.name() + "_" + key);
    if (value == null) {
      throw new IllegalStateException("benchmarks/lab/databases printed no " + key + ": " + values);
    }
    return value;
  }

  @Override
  public String toString() {
    return "PostgreSQL " + version(Server.POSTGRESQL) + ", MariaDB " + version(Server.MARIADB);
  }
}
