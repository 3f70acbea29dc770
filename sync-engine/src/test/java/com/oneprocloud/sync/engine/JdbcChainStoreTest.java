// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.tck.ChainStoreContract;
import com.oneprocloud.sync.engine.tck.JdbcChainStoreFixture;
import com.oneprocloud.sync.engine.tck.UrlDataSource;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;

/** The contract over an embedded H2 in memory, and what only a store in a database can do wrong. */
class JdbcChainStoreTest extends ChainStoreContract {
  private static final ChainId CHAIN = new ChainId(new ReplicaName("server", "disk"), "target");

  @Override
  protected JdbcChainStoreFixture openFixture() {
    UrlDataSource source = fresh();
    return new JdbcChainStoreFixture(source) {
      @Override
      public void close() {
        execute(source, "SHUTDOWN");
      }
    };
  }

  /** Lives until it is shut down, whether or not a connection is open. */
  private static UrlDataSource fresh() {
    return new UrlDataSource(
        "jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1;LOCK_TIMEOUT=30000",
        "sync",
        "hidden-word");
  }

  private static void execute(DataSource source, String sql) {
    try (Connection connection = source.getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Test
  void tablesOfALaterVersionAreRefused() {
    UrlDataSource source = fresh();
    try {
      JdbcChainStore.on(source).close();
      execute(source, "UPDATE sync_schema SET version = 99");
      UnsupportedException refused =
          assertThrows(UnsupportedException.class, () -> JdbcChainStore.on(source));
      assertTrue(refused.getMessage().contains("version 99"), refused.getMessage());
      assertTrue(refused.advice().isPresent());
    } finally {
      execute(source, "SHUTDOWN");
    }
  }

  @Test
  void tablesThatWereHalfMadeAreFinished() {
    UrlDataSource source = fresh();
    try {
      JdbcChainStore.on(source).close();
      execute(source, "DELETE FROM sync_schema");
      execute(source, "DROP TABLE sync_manifest");
      try (ChainStore store = JdbcChainStore.on(source)) {
        assertEquals(List.of(), store.newest(CHAIN, 1));
      }
    } finally {
      execute(source, "SHUTDOWN");
    }
  }

  @Test
  void tablesOfTheVersionBeforeAreAddedTo() {
    UrlDataSource source = fresh();
    try {
      JdbcChainStore.on(source).close();
      execute(source, "DROP TABLE sync_digests");
      execute(source, "UPDATE sync_schema SET version = 1");
      for (int opened = 0; opened < 2; opened++) {
        try (ChainStore store = JdbcChainStore.on(source);
            Lease lease = store.acquire(CHAIN, "proxy", Duration.ofSeconds(60));
            DigestOutput output = store.writeDigests(lease)) {
          output.write(ByteBuffer.allocate(1));
          output.finish();
        }
      }
    } finally {
      execute(source, "SHUTDOWN");
    }
  }

  @Test
  void manyProxiesMakeTheTablesAtATime() throws Exception {
    UrlDataSource source = fresh();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<JdbcChainStore>> stores = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        stores.add(threads.submit(() -> JdbcChainStore.on(source)));
      }
      for (Future<JdbcChainStore> store : stores) {
        assertEquals(List.of(), store.get().chains());
      }
    } finally {
      threads.shutdown();
      execute(source, "SHUTDOWN");
    }
  }

  @Test
  void aDatabaseThatIsGoneIsAStorageExceptionWithAdvice() {
    UrlDataSource source = fresh();
    JdbcChainStore store = JdbcChainStore.on(source);
    Lease lease = store.acquire(CHAIN, "proxy", Duration.ofSeconds(60));
    execute(source, "SHUTDOWN");
    // what comes back is another, empty database
    StorageException refused = assertThrows(StorageException.class, lease::renew);
    assertTrue(refused.advice().isPresent());
    assertTrue(refused.getCause() instanceof SQLException);
    assertTrue(refused.code().orElseThrow().startsWith("SQLSTATE"), refused.getMessage());
    assertFalse(refused.toString().contains("hidden-word"));
    execute(source, "SHUTDOWN");
  }

  @Test
  void connectionsAreGivenBackAsTheyWere() throws SQLException {
    UrlDataSource source = fresh();
    try (Connection single = source.getConnection()) {
      single.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
      single.setAutoCommit(false);
      JdbcChainStore store = JdbcChainStore.on(poolOf(single));
      try (Lease lease = store.acquire(CHAIN, "proxy", Duration.ofSeconds(60))) {
        lease.renew();
        assertThrows(
            IllegalStateException.class,
            () -> store.progress(lease, new RunProgress(1, 1, "e"), true));
      }
      assertFalse(single.getAutoCommit());
      assertEquals(Connection.TRANSACTION_SERIALIZABLE, single.getTransactionIsolation());
    } finally {
      execute(source, "SHUTDOWN");
    }
  }

  /** A pool of one connection, which closing leaves open. */
  private static DataSource poolOf(Connection single) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("close")) {
            return null;
          }
          try {
            return method.invoke(single, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    Class<?>[] types = {Connection.class};
    return new UrlDataSource("", "", "") {
      @Override
      public Connection getConnection() {
        return (Connection) Proxy.newProxyInstance(getClass().getClassLoader(), types, handler);
      }
    };
  }
}
