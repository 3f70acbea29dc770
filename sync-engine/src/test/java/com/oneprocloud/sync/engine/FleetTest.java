// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.Servers;
import com.oneprocloud.sync.engine.fixture.SteppedTarget;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Many servers of two disks each, run at the same time by one engine. */
class FleetTest {
  private static final int SERVERS = 20;
  private static final int OBJECT = 64 << 10;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final MemoryCluster cluster =
      MemoryCluster.builder().pools("vms").deadline(Duration.ofMinutes(2)).build();
  private final Snapshotter snapshotter = cluster.snapshotter();
  private final CloudInventory cloud = mock(CloudInventory.class);

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("open handles", cluster::openHandles);

  @BeforeEach
  void makeServers() {
    when(cloud.imageOf(any())).thenReturn(Optional.empty());
    when(cloud.server(any())).thenAnswer(call -> server(call.getArgument(0)));
    when(cloud.disks(any())).thenAnswer(call -> disks(call.<Server>getArgument(0).id()));
    for (int i = 0; i < SERVERS; i++) {
      for (Disk disk : disks(ServerId.of("s" + i))) {
        MemoryDisk image =
            cluster
                .newDisk(ImageSpec.of("vms", disk.imageName()))
                .size(disk.size())
                .objectSize(OBJECT)
                .create();
        image.write(0, new byte[] {1, 2, 3});
        image.write(disk.size() - 1, new byte[] {(byte) (i + 1)});
      }
    }
  }

  @AfterEach
  void close() {
    snapshotter.close();
    cluster.close();
  }

  private static Server server(ServerId id) {
    return Servers.active(id, "name of " + id);
  }

  private static List<Disk> disks(ServerId server) {
    return List.of(
        local(server, Disk.Kind.ROOT, "_disk"), local(server, Disk.Kind.EPHEMERAL, "_disk.eph0"));
  }

  private static Disk local(ServerId server, Disk.Kind kind, String suffix) {
    return new Disk(
        server,
        kind,
        server.value() + suffix,
        20L * OBJECT,
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private SyncEngine engine(EngineSettings settings) {
    return SyncEngine.builder()
        .storage(cluster)
        .inventory(cloud)
        .snapshotter(snapshotter)
        .chains(DirectoryChainStore.at(folder.resolve("chains")))
        .settings(settings.withBytesInFlight(1 << 20).withWorkers(2))
        .build();
  }

  private SyncPlan plan(SyncEngine engine, String server) {
    return engine.plan(ServerId.of(server), DirectoryTarget.at(folder.resolve("replicas")));
  }

  private FutureTask<SyncReport> start(SyncEngine engine, String server, SyncListener listener) {
    FutureTask<SyncReport> run = new FutureTask<>(() -> engine.run(plan(engine, server), listener));
    new Thread(run, "run of " + server).start();
    return run;
  }

  /** Counts the disks that are active, of all servers and of each. */
  private static final class Active implements SyncListener {
    private final Map<String, AtomicInteger> ofServer = new ConcurrentHashMap<>();
    private final AtomicInteger all = new AtomicInteger();
    final AtomicInteger most = new AtomicInteger();
    final AtomicInteger mostOfServer = new AtomicInteger();

    private AtomicInteger of(DiskPlan disk) {
      return ofServer.computeIfAbsent(
          disk.chain().replica().group(), server -> new AtomicInteger());
    }

    @Override
    public void phaseStarted(DiskPlan disk, Phase phase) {
      if (phase == Phase.TRANSFER) {
        most.accumulateAndGet(all.incrementAndGet(), Math::max);
        mostOfServer.accumulateAndGet(of(disk).incrementAndGet(), Math::max);
      }
    }

    @Override
    public void diskCommitted(DiskReport report) {
      all.decrementAndGet();
      of(report.plan()).decrementAndGet();
    }
  }

  @Test
  void aHugeDiskDoesNotKeepTheOtherServersWaitingAndLimitsHold() throws Exception {
    CompletableFuture<Void> huge = new CompletableFuture<>();
    cluster.faults(
        call ->
            call.kind() == Call.Kind.READ && call.subject().contains("s0_disk@")
                ? Effect.startAfter(huge)
                : Effect.none());
    Active active = new Active();
    EngineSettings settings =
        EngineSettings.defaults()
            .withParallelDisks(4)
            .withRequestsInFlight(4)
            .withLimits(Limits.none().withDisksPerServer(1));
    try (SyncEngine engine = engine(settings)) {
      FutureTask<SyncReport> slow = start(engine, "s0", active);
      List<FutureTask<SyncReport>> others = new ArrayList<>();
      for (int i = 1; i < SERVERS; i++) {
        others.add(start(engine, "s" + i, active));
      }
      for (FutureTask<SyncReport> other : others) {
        assertEquals(2, other.get(60, TimeUnit.SECONDS).disks().size());
      }
      assertFalse(slow.isDone());
      huge.complete(null);
      assertEquals(2, slow.get(60, TimeUnit.SECONDS).disks().size());
      assertEquals(0, engine.bytesInFlight());
    } finally {
      huge.complete(null);
    }
    assertEquals(1, active.mostOfServer.get());
    assertTrue(active.most.get() <= 4, () -> "active at a time: " + active.most);
  }

  /** A target whose writes take as long as something is not completed. */
  private Target hanging(CompletableFuture<Void> until, AtomicInteger writes) {
    Steps steps =
        new Steps() {
          @Override
          public <T> T durable(String name, Supplier<T> step) {
            if (name.startsWith("write")) {
              writes.incrementAndGet();
              until.join();
            }
            return step.get();
          }
        };
    return new SteppedTarget(DirectoryTarget.at(folder.resolve("replicas")), steps);
  }

  /**
   * Three of the four disks that may be replicated at a time have a target that hangs: they take
   * all memory and all threads that they can get, and the others go on.
   */
  @Test
  void targetsThatHangHoldUpNobodyElse() throws Exception {
    byte[] data = new byte[20 * OBJECT];
    Arrays.fill(data, (byte) 5);
    for (int i = 0; i < 6; i++) {
      disks(ServerId.of("s" + i))
          .forEach(it -> cluster.disk(ImageSpec.of("vms", it.imageName())).write(0, data));
    }
    CompletableFuture<Void> answer = new CompletableFuture<>();
    AtomicInteger writes = new AtomicInteger();
    EngineSettings settings =
        EngineSettings.defaults()
            .withParallelDisks(4)
            .withLimits(Limits.none().withDisksPerServer(1));
    try (SyncEngine engine = engine(settings)) {
      List<SyncRun> stuck = new ArrayList<>();
      try {
        for (int i = 0; i < 3; i++) {
          stuck.add(
              engine.submit(
                  engine.plan(ServerId.of("s" + i), hanging(answer, writes)), SyncListener.NONE));
        }
        // two threads of the first that writes, and one for each of the others
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (writes.get() < 4) {
          assertTrue(System.nanoTime() < end, () -> "writes: " + writes);
          Thread.onSpinWait();
        }
        for (int i = 3; i < 6; i++) {
          SyncRun healthy = engine.submit(plan(engine, "s" + i), SyncListener.NONE);
          assertEquals(
              2, healthy.report().toCompletableFuture().get(60, TimeUnit.SECONDS).disks().size());
        }
        assertTrue(engine.bytesInFlight() > 0, "some hang");
      } finally {
        answer.complete(null);
      }
      for (SyncRun run : stuck) {
        assertEquals(
            2, run.report().toCompletableFuture().get(60, TimeUnit.SECONDS).disks().size());
      }
      assertEquals(0, engine.bytesInFlight());
    }
  }

  /** Keeps the reads of a server until something is completed; tells of the first. */
  private CompletableFuture<Void> hold(String server, CompletableFuture<Void> until) {
    CompletableFuture<Void> reading = new CompletableFuture<>();
    cluster.faults(
        call -> {
          if (call.kind() == Call.Kind.READ && call.subject().contains(server + "_disk")) {
            reading.complete(null);
            return Effect.startAfter(until);
          }
          return Effect.none();
        });
    return reading;
  }

  @Test
  void aDiskThatWaitsForItsTurnIsCancelledAtOnce() throws Exception {
    CompletableFuture<Void> huge = new CompletableFuture<>();
    CompletableFuture<Void> reading = hold("s0", huge);
    try (SyncEngine engine = engine(EngineSettings.defaults().withParallelDisks(1))) {
      FutureTask<SyncReport> slow = start(engine, "s0", SyncListener.NONE);
      reading.get(60, TimeUnit.SECONDS);
      CompletableFuture<Void> ended = new CompletableFuture<>();
      SyncListener listener =
          new SyncListener() {
            @Override
            public void diskFailed(DiskPlan disk, Throwable cause) {
              ended.complete(null);
            }
          };
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                assertThrows(SyncException.class, () -> engine.run(plan(engine, "s1"), listener));
                interrupted.complete(Thread.currentThread().isInterrupted());
              },
              "caller");
      caller.start();
      // both disks of the second, whose snapshots are there, wait to be driven
      while (!disks(ServerId.of("s1")).stream().allMatch(this::isTaken)) {
        Thread.onSpinWait();
      }
      caller.interrupt();
      ended.get(60, TimeUnit.SECONDS);
      assertTrue(interrupted.get(60, TimeUnit.SECONDS), "the caller's interrupt is kept");
      assertFalse(slow.isDone());
      huge.complete(null);
      assertEquals(2, slow.get(60, TimeUnit.SECONDS).disks().size());
    } finally {
      huge.complete(null);
    }
  }

  /** Whether the run that a disk is in has its snapshot. */
  private boolean isTaken(Disk disk) {
    ChainId chain =
        new ChainId(
            new ReplicaName(disk.server().value(), disk.id()),
            DirectoryTarget.at(folder.resolve("replicas")).id());
    return DirectoryChainStore.at(folder.resolve("chains"))
        .openRun(chain)
        .flatMap(OpenRun::snapshot)
        .isPresent();
  }

  /** What a run is that comes to nothing before its disks are driven. */
  private void assertEachDiskFails(Faults faults, Class<? extends SyncException> error) {
    List<String> heard = Collections.synchronizedList(new ArrayList<>());
    SyncListener listener =
        new SyncListener() {
          @Override
          public void diskCommitted(DiskReport report) {
            heard.add("committed " + report.plan().image().name());
          }

          @Override
          public void diskFailed(DiskPlan disk, Throwable cause) {
            assertInstanceOf(error, cause);
            heard.add("failed " + disk.image().name());
          }

          @Override
          public void runEnded(SyncPlan plan) {
            heard.add("ended");
          }
        };
    try (SyncEngine engine = engine(EngineSettings.defaults())) {
      SyncPlan plan = plan(engine, "s0");
      cluster.faults(faults);
      assertThrows(error, () -> engine.run(plan, listener));
      assertEquals(List.of("failed s0_disk", "failed s0_disk.eph0", "ended"), heard);
      assertEquals(2, engine.figures().disksFailed());
    }
  }

  @Test
  void eachDiskFailsIfOneHasNoSnapshot() {
    assertEachDiskFails(
        call ->
            call.kind() == Call.Kind.CREATE_SNAPSHOT && call.subject().contains("eph0")
                ? Effect.fail(call)
                : Effect.none(),
        StorageException.class);
  }

  @Test
  void eachDiskFailsIfOneCannotBeOpened() {
    AtomicInteger opened = new AtomicInteger();
    assertEachDiskFails(
        call ->
            call.kind() == Call.Kind.OPEN
                    && call.subject().contains("eph0")
                    && opened.incrementAndGet() == 1
                ? Effect.fail(call)
                : Effect.none(),
        StorageException.class);
  }

  private static long waitingForTheRate() {
    return Thread.getAllStackTraces().values().stream()
        .filter(
            stack ->
                Arrays.stream(stack)
                    .anyMatch(it -> it.getClassName().equals(Pace.Disk.class.getName())))
        .count();
  }

  /** Starts a run that may not read, and ends it by what is given when it waits for that. */
  private void endsWhileItMayNotRead(BiConsumer<SyncEngine, RunControl> end) throws Exception {
    RunControl control = new RunControl();
    EngineSettings paused =
        EngineSettings.defaults().withLimits(Limits.none().withRate(RateLimit.of(0)));
    DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
    try (SyncEngine engine = engine(paused)) {
      FutureTask<SyncReport> run =
          new FutureTask<>(
              () -> engine.run(engine.plan(ServerId.of("s0"), target), SyncListener.NONE, control));
      new Thread(run, "caller").start();
      while (waitingForTheRate() < 2) {
        Thread.onSpinWait();
      }
      end.accept(engine, control);
      ExecutionException failed =
          assertThrows(ExecutionException.class, () -> run.get(60, TimeUnit.SECONDS));
      assertInstanceOf(SyncException.class, failed.getCause());
      assertEquals(0, engine.bytesInFlight());
    }
    try (SyncEngine engine = engine(EngineSettings.defaults())) {
      SyncPlan rest = engine.plan(ServerId.of("s0"), target);
      assertTrue(rest.resumes());
      assertEquals(2, engine.run(rest).disks().size());
    }
  }

  @Test
  void aRunThatMayNotReadIsCancelled() throws Exception {
    endsWhileItMayNotRead((engine, control) -> control.cancel());
  }

  @Test
  void aRunThatMayNotReadIsPausedAndThenCancelled() throws Exception {
    endsWhileItMayNotRead(
        (engine, control) -> {
          control.pause();
          control.cancel();
        });
  }

  @Test
  void anEngineThatMayNotReadIsClosed() throws Exception {
    endsWhileItMayNotRead((engine, control) -> engine.close());
  }
}
