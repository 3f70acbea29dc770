// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.MemberLeftException;
import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.api.tck.DatabaseLab;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.JdbcChainStore;
import com.oneprocloud.sync.engine.RetryPolicy;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.SyncTask;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.tck.UrlDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tasks carried by a Hazelcast cluster of two members on the loopback address, their chains in a
 * real PostgreSQL: one member dies in the middle, or is only thought dead.
 */
class HazelcastTaskIT {
  private static final int MIB = 1 << 20;
  private static final int SIZE = 48 * MIB;
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk-1");
  private static final ChainId CHAIN = new ChainId(new ReplicaName("volumes", "disk-1"), "shared");

  /** What each member has, by the name of its Hazelcast instance. */
  private static final Map<String, Member> MEMBERS = new ConcurrentHashMap<>();

  private final DatabaseLab lab = DatabaseLab.start();
  private final String database = "sync_" + UUID.randomUUID().toString().replace("-", "");
  private final MemoryCluster cluster =
      MemoryCluster.builder().pools("volumes").deadline(Duration.ofMinutes(5)).build();
  private final MemoryDisk disk = cluster.newDisk(IMAGE).size(SIZE).objectSize(MIB).create();
  private final SharedTarget target = new SharedTarget();
  private Member first;
  private Member second;

  /** Two members in one JVM: a member's threads bear its name. In a JVM each, nothing is needed. */
  private record Site() implements SyncTask.Site {
    private static Member here() {
      String thread = Thread.currentThread().getName();
      return MEMBERS.values().stream()
          .filter(it -> thread.startsWith("hz." + it.name + "."))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no member's thread: " + thread));
    }

    @Override
    public SyncEngine engine() {
      return here().engine;
    }

    @Override
    public Target target(String name) {
      return here().target;
    }
  }

  private static final class Member implements AutoCloseable {
    final String name;
    final Target target;
    final MemoryCluster storage;
    final HazelcastInstance node;
    final SyncEngine engine;
    volatile CompletableFuture<Void> asleep = CompletableFuture.completedFuture(null);
    volatile boolean dead;
    private volatile CompletableFuture<Void> sleep = asleep;

    Member(String name, String group, MemoryCluster storage, UrlDataSource source, Target target) {
      this.name = name;
      this.target = target;
      this.storage = storage;
      this.engine =
          SyncEngine.builder()
              .storage(storage)
              .snapshotter(storage.snapshotter())
              .owner("lab")
              .chains(JdbcChainStore.on(through(source)))
              .settings(
                  EngineSettings.defaults()
                      .withLeaseTime(Duration.ofSeconds(3))
                      .withFlushPeriod(Duration.ofMillis(1))
                      .withRequestsInFlight(2))
              .build();
      MEMBERS.put(name, this);
      this.node = Hazelcast.newHazelcastInstance(config(name, group));
    }

    /** A member that sleeps asks for nothing, one that is dead gets nothing. */
    private UrlDataSource through(UrlDataSource source) {
      return new UrlDataSource("", "", "") {
        @Override
        public Connection getConnection() throws SQLException {
          asleep.join();
          if (dead) {
            throw new SQLException("the member is dead", "08006");
          }
          return source.getConnection();
        }
      };
    }

    private static Config config(String name, String group) {
      Config config = new Config();
      config.setInstanceName(name);
      config.setClusterName(group);
      config.setProperty("hazelcast.phone.home.enabled", "false");
      config.setProperty("hazelcast.shutdownhook.enabled", "false");
      config.setProperty("hazelcast.socket.bind.any", "false");
      config.setProperty("hazelcast.logging.type", "slf4j");
      config.getNetworkConfig().setPort(25750).setPortAutoIncrement(true);
      config.getNetworkConfig().getInterfaces().setEnabled(true).addInterface("127.0.0.1");
      JoinConfig join = config.getNetworkConfig().getJoin();
      join.getAutoDetectionConfig().setEnabled(false);
      join.getMulticastConfig().setEnabled(false);
      join.getTcpIpConfig().setEnabled(true).addMember("127.0.0.1:25750,127.0.0.1:25751");
      return config;
    }

    /** Holds the member still at a read in the middle of the transfer. */
    CountDownLatch sleepsAtRead(long number) {
      CountDownLatch reached = new CountDownLatch(1);
      CompletableFuture<Void> awake = new CompletableFuture<>();
      sleep = awake;
      storage.faults(
          call -> {
            if (call.kind() != Call.Kind.READ || call.number() < number) {
              return Effect.none();
            }
            reached.countDown();
            return Effect.startAfter(awake);
          });
      return reached;
    }

    /** From now on it asks for nothing else either. */
    void sleep() {
      asleep = sleep;
    }

    void wake() {
      sleep.complete(null);
    }

    @Override
    public void close() {
      wake();
      engine.close();
      storage.close();
      node.getLifecycleService().terminate();
      MEMBERS.remove(name);
    }
  }

  @BeforeEach
  void open() throws SQLException {
    execute("CREATE DATABASE " + database);
    byte[] bytes = new byte[SIZE];
    new Random(1).nextBytes(bytes);
    disk.write(0, bytes);
    String group = "sync-" + UUID.randomUUID();
    first = new Member("first", group, cluster.connect(), source(database), target);
    second = new Member("second", group, cluster.connect(), source(database), target);
    assertEquals(2, second.node.getCluster().getMembers().size());
  }

  @AfterEach
  void close() throws SQLException {
    List.copyOf(MEMBERS.values()).forEach(Member::close);
    cluster.close();
    execute("DROP DATABASE " + database);
  }

  @Test
  void aMemberDiesInTheMiddleAndTheOtherGoesOnWhereItStopped() throws Exception {
    SyncTask task = task().withRetries(new RetryPolicy(60, Duration.ofMillis(500)));
    CountDownLatch reached = first.sleepsAtRead(24);
    Future<SyncTask.Result> lost = submit(task, first);
    assertTrue(reached.await(120, TimeUnit.SECONDS));
    long written = awaitProgress();
    first.dead = true;
    first.node.getLifecycleService().terminate();
    assertThrows(MemberLeftException.class, () -> lost.get(60, TimeUnit.SECONDS));
    // what a dead process has no longer: threads
    first.wake();
    first.engine.close();

    SyncTask.Result result = submit(task, second).get(120, TimeUnit.SECONDS);
    SyncTask.Point point = result.disks().get(0);
    assertEquals(task.run().value(), result.run());
    assertTrue(point.resumedAt() >= written, point + ", " + written);
    assertTrue(point.bytesRead() <= SIZE - written, point + ", " + written);
    assertFalse(point.found());
    checkOnePoint(point);
    assertTrue(submit(task, second).get(60, TimeUnit.SECONDS).disks().get(0).found());
    checkOnePoint(point);
  }

  @Test
  void aMemberThatWasOnlyThoughtDeadCannotCommit() throws Exception {
    CountDownLatch reached = first.sleepsAtRead(24);
    SyncTask task = task();
    Future<SyncTask.Result> sleeper = submit(task.withRetries(RetryPolicy.never()), first);
    assertTrue(reached.await(120, TimeUnit.SECONDS));
    awaitProgress();
    first.sleep();
    SyncTask.Result result =
        submit(task.withRetries(new RetryPolicy(60, Duration.ofMillis(500))), second)
            .get(120, TimeUnit.SECONDS);
    SyncTask.Point point = result.disks().get(0);
    assertTrue(point.resumedAt() > 0, point.toString());
    assertFalse(sleeper.isDone());
    checkOnePoint(point);

    first.wake();
    ExecutionException refused =
        assertThrows(ExecutionException.class, () -> sleeper.get(60, TimeUnit.SECONDS));
    assertInstanceOf(ChainBrokenException.class, refused.getCause(), refused.toString());
    checkOnePoint(point);
  }

  private static SyncTask task() {
    return SyncTask.of(IMAGE, "shared", new Site());
  }

  /** Asked for at the second member, carried to the one that is named. */
  private Future<SyncTask.Result> submit(SyncTask task, Member member) {
    return second
        .node
        .getExecutorService("sync")
        .submitToMember(task, member.node.getCluster().getLocalMember());
  }

  private long awaitProgress() throws Exception {
    try (ChainStore store = JdbcChainStore.on(source(database))) {
      for (int i = 0; i < 1200; i++) {
        Optional<RunProgress> progress = store.progress(CHAIN);
        if (progress.isPresent() && progress.get().written() > 0) {
          return progress.get().written();
        }
        Thread.sleep(50);
      }
    }
    throw new AssertionError("no progress was recorded");
  }

  private void checkOnePoint(SyncTask.Point point) {
    try (ChainStore store = JdbcChainStore.on(source(database))) {
      List<CommittedManifest> chain = store.newest(CHAIN, Integer.MAX_VALUE);
      assertEquals(1, chain.size());
      assertEquals(point.manifest(), chain.get(0).hash().hex());
      assertEquals(Optional.empty(), store.openRun(CHAIN));
      assertEquals(new ReplicaState.Committed(chain.get(0).hash()), target.state(CHAIN.replica()));
    }
    assertEquals(1, disk.snapshots().size());
    assertEquals(point.snapshot(), disk.snapshots().get(0).name());
    assertArrayEquals(disk.readFully(disk.snapshots().get(0)), target.content());
  }

  private UrlDataSource source(String name) {
    DatabaseLab.Server server = DatabaseLab.Server.POSTGRESQL;
    return new UrlDataSource(lab.url(server) + name, lab.user(server), "");
  }

  private void execute(String sql) throws SQLException {
    try (Connection connection = source("postgres").getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }
}
