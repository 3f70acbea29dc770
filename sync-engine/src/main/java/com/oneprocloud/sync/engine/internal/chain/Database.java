// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Locale;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Transactions on the database of a chain store. Each takes a connection and gives it back as it
 * was; one that the database rolled back because of others is repeated. Thread-safe.
 */
public final class Database {
  private static final int ATTEMPTS = 8;

  private final DataSource source;
  private final Dialect dialect;
  private final String name;

  private Database(DataSource source, Dialect dialect, String name) {
    this.source = source;
    this.dialect = dialect;
    this.name = name;
  }

  /** Asks the database what it is. */
  public static Database on(DataSource source) {
    try (Connection connection = source.getConnection()) {
      String product = connection.getMetaData().getDatabaseProductName();
      String version = connection.getMetaData().getDatabaseProductVersion();
      return new Database(source, Dialect.of(product), product + " " + version);
    } catch (SQLException e) {
      throw failed("connect", "the chain store's database", e);
    }
  }

  /** Product and version. */
  @Override
  public String toString() {
    return name;
  }

  Dialect dialect() {
    return dialect;
  }

  /** What is done in a transaction. */
  interface Work<T> {
    T on(Connection connection) throws SQLException;
  }

  /**
   * Does something in one transaction: all of it, or nothing.
   *
   * @throws StorageException if the database fails; only where the connection was lost while the
   *     transaction was being committed it may have been done
   */
  <T> T transaction(String operation, Object subject, Work<T> work) {
    for (int attempt = 1; ; attempt++) {
      try {
        return once(work);
      } catch (SQLException e) {
        if (attempt == ATTEMPTS || !rolledBack(e)) {
          throw failed(operation, subject, e);
        }
      }
    }
  }

  private <T> T once(Work<T> work) throws SQLException {
    try (Connection connection = source.getConnection()) {
      boolean autoCommit = connection.getAutoCommit();
      int isolation = connection.getTransactionIsolation();
      Throwable failure = null;
      try {
        // rows are locked by name, so nothing stricter is needed, and MySQL would lock gaps
        connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
        connection.setAutoCommit(false);
        T result = work.on(connection);
        connection.commit();
        return result;
      } catch (SQLException | RuntimeException | Error e) {
        failure = e;
        rollBack(connection, e);
        throw e;
      } finally {
        giveBack(connection, autoCommit, isolation, failure);
      }
    }
  }

  private static void rollBack(Connection connection, Throwable failure) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      failure.addSuppressed(e);
    }
  }

  /** Pools hand the connection to others. */
  private static void giveBack(
      Connection connection, boolean autoCommit, int isolation, @Nullable Throwable failure)
      throws SQLException {
    try {
      connection.setAutoCommit(autoCommit);
      connection.setTransactionIsolation(isolation);
    } catch (SQLException e) {
      if (failure == null) {
        // committed; a pool finds out by itself that the connection is of no use any more
        return;
      }
      failure.addSuppressed(e);
    }
  }

  /** Class 40: a deadlock, or a transaction that cannot be put in order with others. */
  private static boolean rolledBack(SQLException e) {
    String state = e.getSQLState();
    return state != null && state.startsWith("40");
  }

  /** Class 23: a row of that key is there. */
  static boolean exists(SQLException e) {
    String state = e.getSQLState();
    return state != null && state.startsWith("23");
  }

  static StorageException failed(String operation, Object subject, SQLException cause) {
    SyncException.Details details =
        SyncException.failed(operation, subject)
            .because(
                "the chain store's database refused or did not answer: %s",
                String.valueOf(cause.getMessage()))
            .advice(
                "Check the database, the network to it and the rights of its user, then plan again:"
                    + " what was recorded is whole.")
            .cause(cause);
    String state = cause.getSQLState();
    return new StorageException(state == null ? details : details.code("SQLSTATE " + state));
  }

  /** Where databases differ. */
  enum Dialect {
    POSTGRESQL(
        "BYTEA", "", "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM clock_timestamp()) * 1000) AS BIGINT)"),
    MYSQL(
        "LONGBLOB",
        " ENGINE=InnoDB",
        "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000"),
    STANDARD(
        "BLOB", "", "SELECT CAST(FLOOR(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000) AS BIGINT)");

    /** The type of bytes of any length. */
    final String bytes;

    /** What ends the making of a table. */
    final String table;

    /** Asks for the milliseconds since 1970, on the database's clock. */
    final String now;

    Dialect(String bytes, String table, String now) {
      this.bytes = bytes;
      this.table = table;
      this.now = now;
    }

    static Dialect of(String product) {
      String name = product.toLowerCase(Locale.ROOT);
      if (name.contains("postgresql")) {
        return POSTGRESQL;
      }
      return name.contains("mysql") || name.contains("mariadb") ? MYSQL : STANDARD;
    }
  }
}
