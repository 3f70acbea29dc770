// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The tables of a chain store in a database. {@code sync_schema} has one row with their version,
 * made last: without it they count as not made.
 */
public final class ChainSchema {
  /** The version that this code reads and writes. */
  static final int VERSION = 2;

  private static final int ATTEMPTS = 20;

  /** No such table: PostgreSQL; the standard, MySQL and H2; H2 in an empty database. */
  private static final Set<String> NO_TABLE = Set.of("42P01", "42S02", "42S03", "42S04");

  private ChainSchema() {}

  /**
   * Makes the tables if they are not there, or those that an earlier version did not have. Several
   * proxies may do so at a time.
   *
   * @throws UnsupportedException if a later version made them
   */
  public static void prepare(Database database) {
    for (int attempt = 1; ; attempt++) {
      Optional<Integer> version = version(database);
      if (version.isPresent()) {
        check(database, version.get());
        if (version.get() == VERSION) {
          return;
        }
      }
      try {
        database.transaction("make tables", database, connection -> make(connection, database));
      } catch (SyncException e) {
        // another proxy may just be making them
        boolean madeByAnother = busy(e) || version(database).equals(Optional.of(VERSION));
        if (attempt == ATTEMPTS || !madeByAnother) {
          throw e;
        }
      }
    }
  }

  private static void check(Database database, int version) {
    if (version > VERSION) {
      throw new UnsupportedException(
          SyncException.failed("open chain store", database)
              .because("its tables have version %d, this version reads up to %d", version, VERSION)
              .advice("Use the version of this SDK that made them, or a later one."));
    }
  }

  private static Optional<Integer> version(Database database) {
    return database.transaction(
        "read version of tables",
        database,
        connection -> {
          try (Statement statement = connection.createStatement();
              ResultSet row =
                  statement.executeQuery("SELECT version FROM sync_schema WHERE id = 1")) {
            return row.next() ? Optional.of(row.getInt(1)) : Optional.<Integer>empty();
          } catch (SQLException e) {
            if (NO_TABLE.contains(String.valueOf(e.getSQLState()))) {
              connection.rollback();
              return Optional.<Integer>empty();
            }
            throw e;
          }
        });
  }

  /** Two that make a table at a time: PostgreSQL fails one of them, by its catalogue's keys. */
  private static boolean busy(SyncException e) {
    return e.getCause() instanceof SQLException cause
        && (Database.exists(cause) || "42P07".equals(cause.getSQLState()));
  }

  private static boolean make(Connection connection, Database database) throws SQLException {
    String bytes = database.dialect().bytes;
    List<String> tables =
        List.of(
            """
            CREATE TABLE IF NOT EXISTS sync_chain (
              chain_key CHAR(64) NOT NULL PRIMARY KEY,
              record %1$s NOT NULL,
              token BIGINT NOT NULL,
              expires BIGINT NOT NULL,
              holder %1$s,
              run_id CHAR(32),
              run_record %1$s,
              written BIGINT,
              flushed BIGINT,
              epoch %1$s)""",
            """
            CREATE TABLE IF NOT EXISTS sync_manifest (
              chain_key CHAR(64) NOT NULL,
              sequence_number BIGINT NOT NULL,
              record %1$s NOT NULL,
              PRIMARY KEY (chain_key, sequence_number))""",
            """
            CREATE TABLE IF NOT EXISTS sync_digests (
              chain_key CHAR(64) NOT NULL,
              sequence_number BIGINT NOT NULL,
              piece INT NOT NULL,
              bytes %1$s NOT NULL,
              PRIMARY KEY (chain_key, sequence_number, piece))""",
            """
            CREATE TABLE IF NOT EXISTS sync_schema (
              id INT NOT NULL PRIMARY KEY,
              version INT NOT NULL)""");
    try (Statement statement = connection.createStatement()) {
      for (String table : tables) {
        statement.execute(String.format(Locale.ROOT, table, bytes) + database.dialect().table);
      }
      String version = "UPDATE sync_schema SET version = " + VERSION + " WHERE id = 1";
      return statement.executeUpdate(version) == 1
          || statement.executeUpdate(
                  "INSERT INTO sync_schema (id, version) VALUES (1, " + VERSION + ")")
              == 1;
    }
  }
}
