// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.tck.ChainStoreContract;
import com.oneprocloud.sync.api.tck.CommitLoop;
import com.oneprocloud.sync.api.tck.DatabaseLab;
import com.oneprocloud.sync.engine.JdbcChainStore;
import com.oneprocloud.sync.engine.tck.ChildJvm;
import com.oneprocloud.sync.engine.tck.JdbcChainStoreFixture;
import com.oneprocloud.sync.engine.tck.UrlDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The contract over a real server, and what only a server can do wrong. */
abstract class DatabaseChainStoreContract extends ChainStoreContract {
  private final DatabaseLab lab = DatabaseLab.start();
  private final DatabaseLab.Server server;

  DatabaseChainStoreContract(DatabaseLab.Server server) {
    this.server = server;
    // a driver keeps a thread from its first use on
    execute("SELECT 1");
  }

  @Override
  protected Storage openFixture() {
    return new Storage("sync_" + UUID.randomUUID().toString().replace("-", ""));
  }

  /** A database of the test's own. */
  private final class Storage extends JdbcChainStoreFixture {
    private final String name;

    Storage(String name) {
      super(source(name));
      this.name = name;
      execute("CREATE DATABASE " + name);
    }

    @Override
    public void close() {
      execute("DROP DATABASE " + name);
    }
  }

  private UrlDataSource source(String database) {
    return new UrlDataSource(lab.url(server) + database, lab.user(server), "");
  }

  private void execute(String sql) {
    String system = server == DatabaseLab.Server.POSTGRESQL ? "postgres" : "mysql";
    try (Connection connection = source(system).getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  /** Commits in a database until it is killed. */
  static final class Loop {
    private Loop() {}

    public static void main(String[] arguments) {
      UrlDataSource source = new UrlDataSource(arguments[0], arguments[1], "");
      CommitLoop.run(JdbcChainStore.on(source), System.out);
    }
  }

  @Test
  void manyProxiesMakeTheTablesAtATime() throws Exception {
    for (int round = 0; round < 3; round++) {
      ExecutorService threads = Executors.newFixedThreadPool(8);
      try (JdbcChainStoreFixture empty = openFixture()) {
        List<Future<ChainStore>> stores = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          stores.add(threads.submit(() -> empty.connect()));
        }
        for (Future<ChainStore> store : stores) {
          assertEquals(List.of(), store.get().chains());
        }
      } finally {
        threads.shutdown();
      }
    }
  }

  @Test
  void aProcessThatIsKilledWhileItCommitsLosesNothingItAcknowledged() throws Exception {
    try (Storage storage = openFixture()) {
      disturb(
          storage,
          6,
          process -> {
            process.toHandle().destroyForcibly();
            storage.pass(Duration.ofHours(2));
          });
    }
  }

  @Test
  void aServerThatIsKilledWhileItCommitsLosesNothingItAcknowledged() throws Exception {
    try (Storage storage = openFixture()) {
      disturb(
          storage,
          3,
          process -> {
            try {
              lab.crash(server);
            } finally {
              lab.restart(server);
            }
            storage.pass(Duration.ofHours(2));
          });
    }
  }

  private void disturb(Storage storage, int times, Consumer<Process> disturb) throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    ProcessBuilder loop = ChildJvm.of(Loop.class, lab.url(server) + storage.name, lab.user(server));
    try (ChainStore store = storage.connect()) {
      for (int i = 0; i < times; i++) {
        try {
          CommitLoop.disturb(loop, store, random, disturb);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + " on " + lab, e);
        }
      }
    }
  }
}
