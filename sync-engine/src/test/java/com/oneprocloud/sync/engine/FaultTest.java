// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.SteppedTarget;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong around a run: a typed error, nothing lost, and the next run goes on. */
class FaultTest {
  private static final int OBJECT = World.OBJECT;
  private static final long SIZE = 12L * OBJECT;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private World world;

  @BeforeEach
  void open() {
    world = new World(folder, SIZE, Duration.ofMillis(300));
    world.write(0, 3 * OBJECT, 1).write(5L * OBJECT, 4 * OBJECT, 2);
  }

  @AfterEach
  void close() {
    left = world.left();
    world.close();
  }

  /** The next run, and one more: both right, nothing leaked. */
  private DiskReport converges() {
    DiskReport next = world.sync();
    world.checkCommitted(next);
    world.write(100, 5000, 77);
    DiskReport following = world.sync();
    assertEquals(Verdict.CONTINUE, following.verdict());
    world.checkCommitted(following);
    assertEquals(2, world.own().size(), () -> world.own().toString());
    return next;
  }

  // ---- the source

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 7})
  void aReadThatFailsFailsTheRun(int read) {
    StorageException failed =
        assertThrows(
            StorageException.class,
            () -> world.sync(Faults.nth(Call.Kind.READ, read, Effect::fail)));
    assertEquals(Optional.of("EIO"), failed.code());
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 7})
  void aShortReadFailsTheRun(int read) {
    assertThrows(
        StorageException.class,
        () -> world.sync(Faults.nth(Call.Kind.READ, read, call -> Effect.shortRead(4096))));
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void readsMayCompleteInAnyOrder() {
    CompletableFuture<Void> fourth = new CompletableFuture<>();
    Faults faults =
        call -> {
          if (call.kind() == Call.Kind.READ && call.number() == 4) {
            fourth.complete(null);
          }
          return call.kind() == Call.Kind.READ && call.number() < 4
              ? Effect.startAfter(fourth)
              : Effect.none();
        };
    world.checkCommitted(world.sync(faults));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 7})
  void aWrongByteOnTheWayIsFoundBeforeTheCommit(int read) {
    TargetException wrong =
        assertThrows(
            TargetException.class,
            () -> world.sync(Faults.nth(Call.Kind.READ, read, call -> Effect.flipBit(1000))));
    assertTrue(wrong.getMessage().contains("differ"), wrong::getMessage);
    assertTrue(world.chains().head(world.chain()).isEmpty(), "nothing was committed");
    converges();
  }

  @Test
  void aDiffThatFailsFailsTheRun() {
    world.sync();
    world.write(7L * OBJECT, OBJECT, 3);
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.DIFF, 1, Effect::fail)));
    world.checkAtRest();
    assertEquals(Verdict.CONTINUE, converges().verdict());
  }

  @Test
  void aClusterThatStopsAnsweringEndsTheRunAtItsDeadline() {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    MemoryCluster connection = world.cluster.connect();
    connection.faults(
        call -> {
          if (call.kind() == Call.Kind.READ && call.number() == 2) {
            connection.stop();
          }
          return Effect.none();
        });
    assertThrows(
        DeadlineException.class,
        () ->
            world.in(
                connection,
                new Through(),
                engine -> engine.run(engine.plan(World.IMAGE, world.target()))));
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void aSnapshotThatCannotBeTakenLeavesNothingBehind() {
    world.sync();
    world.write(0, 100, 3);
    assertThrows(
        StorageException.class,
        () -> world.sync(Faults.nth(Call.Kind.CREATE_SNAPSHOT, 1, Effect::fail)));
    assertTrue(world.chains().openRun(world.chain()).isEmpty());
    assertEquals(1, world.own().size());
    world.checkAtRest();
    assertEquals(VerdictReason.BASE_PRESENT, converges().reason());
  }

  @Test
  void aSnapshotThatWasTakenThoughTheAnswerWasLostIsRemovedLater() {
    world.sync();
    world.write(0, 100, 3);
    Supplier<SyncException> lost =
        () -> new DeadlineException(SyncException.failed("create snapshot", World.IMAGE));
    assertThrows(
        DeadlineException.class,
        () ->
            world.sync(
                Faults.nth(Call.Kind.CREATE_SNAPSHOT, 1, call -> Effect.failAfterwards(lost))));
    assertEquals(2, world.own().size());
    assertEquals(VerdictReason.BASE_PRESENT, converges().reason());
  }

  @Test
  void aSnapshotThatCannotBeRemovedIsReportedAndRemovedByTheNextRun() {
    world.sync();
    world.sync();
    world.write(0, 100, 3);
    DiskReport report = world.sync(Faults.nth(Call.Kind.REMOVE_SNAPSHOT, 1, Effect::fail));
    assertEquals(1, report.notes().size(), report.notes()::toString);
    assertTrue(report.notes().get(0).contains(world.own().get(0)), report.notes()::toString);
    assertEquals(3, world.own().size());
    world.checkCommitted(report);
    world.checkCommitted(world.sync());
    assertEquals(2, world.own().size());
  }

  @Test
  void aProtectedSnapshotIsLeftAndReported() {
    DiskReport first = world.sync();
    String name = first.committed().manifest().snapshot().name();
    world.disk.setProtected(name, true);
    world.sync();
    DiskReport third = world.sync();
    assertTrue(third.notes().toString().contains(name), third.notes()::toString);
    world.disk.setProtected(name, false);
    assertTrue(world.sync().notes().isEmpty());
    assertEquals(2, world.own().size());
  }

  @Test
  void aClusterThatFailsAfterTheCommitDoesNotFailTheRun() {
    world.sync();
    world.write(0, 100, 3);
    AtomicInteger committed = new AtomicInteger();
    MemoryCluster connection = world.cluster.connect();
    connection.faults(call -> committed.get() > 0 ? Effect.fail(call) : Effect.none());
    DiskReport report =
        world.in(
            connection,
            new Through() {
              @Override
              public <T> T durable(String name, Supplier<T> step) {
                T result = step.get();
                if (name.equals("commit")) {
                  committed.incrementAndGet();
                }
                return result;
              }
            },
            engine -> engine.run(engine.plan(World.IMAGE, world.target())).disks().get(0));
    assertEquals(1, report.notes().size(), report.notes()::toString);
    world.checkCommitted(report);
    converges();
  }

  // ---- snapshots and images that others change

  @Test
  void aBaseRemovedBetweenPlanAndRunIsNotRelied() {
    DiskReport first = world.sync();
    world.write(0, 1000, 3);
    DiskReport second = world.sync();
    world.write(2L * OBJECT, 1000, 4);
    SyncReport third =
        world.in(
            engine -> {
              SyncPlan plan = engine.plan(World.IMAGE, world.target());
              assertEquals(VerdictReason.BASE_PRESENT, plan.disks().get(0).reason());
              world.removeSnapshot(second);
              return engine.run(plan);
            });
    assertEquals(VerdictReason.SPARE_BASE_PRESENT, third.disks().get(0).reason());
    world.checkCommitted(third.disks().get(0));
    assertFalse(
        world.own().contains(first.committed().manifest().snapshot().name()), "no longer needed");
    world.removeSnapshot(third.disks().get(0));
    assertEquals(VerdictReason.BASE_LOST, world.sync().reason());
  }

  @Test
  void aBaseRemovedDuringTheRunIsATypedError() {
    DiskReport first = world.sync();
    world.write(0, 2 * OBJECT, 3);
    assertThrows(
        NotFoundException.class,
        () ->
            world.sync(
                (Faults)
                    call -> {
                      if (call.kind() == Call.Kind.DIFF && call.number() == 1) {
                        world.removeSnapshot(first);
                      }
                      return Effect.none();
                    }));
    assertEquals(VerdictReason.RUN_LOST, converges().reason());
  }

  @Test
  void theNewSnapshotRemovedDuringTheRunIsATypedError() {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        NotFoundException.class,
        () ->
            world.sync(
                (Faults)
                    call -> {
                      if (call.kind() == Call.Kind.READ && call.number() == 2) {
                        world.disk.removeSnapshot(world.own().get(1));
                      }
                      return Effect.none();
                    }));
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_LOST, converges().reason());
  }

  @Test
  void anotherImageUnderTheSameNameIsResynced() {
    world.sync();
    world.replaceImage(SIZE).write(0, 3 * OBJECT, 1).write(5L * OBJECT, OBJECT, 9);
    DiskReport resync = converges();
    assertEquals(Verdict.CHECKSUM_RESYNC, resync.verdict());
    assertEquals(VerdictReason.IMAGE_REPLACED, resync.reason());
    assertEquals(OBJECT, resync.bytesWritten(), "only what differs was written");
  }

  @Test
  void anImageReplacedAfterThePlanIsRefused() {
    world.sync();
    world.in(
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          world.replaceImage(SIZE);
          return assertThrows(ConflictException.class, () -> engine.run(plan));
        });
    assertEquals(VerdictReason.IMAGE_REPLACED, converges().reason());
  }

  @Test
  void aPlanThatWasOvertakenIsRefused() {
    world.in(
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          engine.run(plan);
          assertThrows(ConflictException.class, () -> engine.run(plan));
          return plan;
        });
    assertEquals(1, world.own().size());
    converges();
  }

  @Test
  void anImageOfNoBytesIsReplicated() {
    world.replaceImage(0);
    DiskReport empty = world.sync();
    world.checkCommitted(empty);
    world.disk.resize(SIZE);
    world.write(OBJECT, 600, 8);
    converges();
  }

  // ---- the target

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 9})
  void aFullTargetIsATypedErrorAndTheRunGoesOnWhenThereIsRoom(int write) {
    TargetException full =
        assertThrows(
            TargetException.class,
            () ->
                world.sync(
                    new Through(
                        "write",
                        write,
                        () ->
                            new TargetException(
                                SyncException.failed("write replica", "file").code("ENOSPC")))));
    assertEquals(Optional.of("ENOSPC"), full.code());
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void whatAFailedFlushMayHaveLostIsWrittenAgain() {
    // flushed at the end only, with records of progress before that
    world.with(
        World.SETTINGS.withVerification(Verification.NONE).withFlushPeriod(Duration.ofHours(1)));
    int size = 20 << 20;
    world.disk.resize(size);
    world.sync();
    for (int round = 1; round <= 2; round++) {
      world.write(0, size, 10 + round);
      Steps failing =
          new Through(
              "flush",
              1,
              () -> new TargetException(SyncException.failed("flush replica", "file").code("EIO")));
      SteppedTarget target = new SteppedTarget(world.target(), failing);
      assertThrows(
          TargetException.class,
          () ->
              world.in(
                  world.cluster.connect(),
                  failing,
                  engine -> engine.run(engine.plan(World.IMAGE, target))));
      // the pages that could not be written are dropped, and the machine does not boot
      target.losePower(world.target(), World.NAME, round);
      DiskReport resumed = world.sync(new Through());
      assertEquals(VerdictReason.RUN_RESUMED, resumed.reason());
      world.checkCommitted(resumed);
    }
  }

  @Test
  void aTargetBelowAFileIsRefusedInThePlan() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    InvalidPlanException refused =
        assertThrows(
            InvalidPlanException.class,
            () -> world.sync(DirectoryTarget.at(file.resolve("replicas"))));
    assertEquals(1, refused.faults().size(), refused::getMessage);
    assertTrue(world.own().isEmpty());
  }

  @Test
  void aForeignFileInTheReplicasPlaceIsNotTouched() throws IOException {
    Files.createDirectories(world.file().getParent());
    Files.writeString(world.file(), "precious");
    assertThrows(InvalidPlanException.class, () -> world.sync());
    assertEquals("precious", Files.readString(world.file()));
    Files.delete(world.file());
    world.in(
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          writeString(world.file(), "precious too");
          return assertThrows(TargetException.class, () -> engine.run(plan));
        });
    assertEquals("precious too", Files.readString(world.file()));
    assertTrue(world.own().isEmpty());
    Files.delete(world.file());
    converges();
  }

  @Test
  void aReplicaThatIsGoneIsMadeAnew() throws IOException {
    world.sync();
    Files.delete(world.file());
    DiskReport again = converges();
    assertEquals(Verdict.FULL, again.verdict());
    assertEquals(VerdictReason.REPLICA_MISSING, again.reason());
  }

  @Test
  void aTruncatedReplicaIsRefusedAndRepairedWhenAsked() throws IOException {
    world.sync();
    try (FileChannel file = FileChannel.open(world.file(), StandardOpenOption.WRITE)) {
      file.truncate(2L * OBJECT);
    }
    refusedThenRepaired("it is not what was recorded");
  }

  @Test
  void aReplicaThatSomebodyChangedIsRefusedAndRepairedWhenAsked() throws IOException {
    world.sync();
    try (FileChannel file = FileChannel.open(world.file(), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 4L * OBJECT);
    }
    refusedThenRepaired("it is not what was recorded");
  }

  @Test
  void aReplicaThatWasTruncatedInFlightIsRefusedAndRepairedWhenAsked() throws IOException {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, 2, Effect::fail)));
    try (FileChannel file = FileChannel.open(world.file(), StandardOpenOption.WRITE)) {
      file.truncate(2L * OBJECT);
    }
    assertThrows(TargetException.class, () -> world.sync());
    world.checkCommitted(world.sync(SyncMode.RESYNC));
    converges();
  }

  @Test
  void aDamagedRecordIsRefusedAndRepairedWhenAsked() throws IOException {
    world.sync();
    Path record = world.file().resolveSibling("disk-1.replica.json");
    for (String damaged : new String[] {"", "{", "[]", "{\"format\":1,\"state\":\"odd\"}"}) {
      Files.writeString(record, damaged);
      refusedThenRepaired("damaged");
    }
    Files.writeString(record, "{\"format\":2,\"state\":\"committed\"}");
    InvalidPlanException newer = assertThrows(InvalidPlanException.class, () -> world.sync());
    assertTrue(newer.getMessage().contains("format 2"), newer::getMessage);
  }

  @Test
  void theReplicaOfAnotherChainIsRefusedAndTakenOverWhenAsked() throws IOException {
    world.sync();
    Path theirs = folder.resolve("theirs");
    try (World other = new World(theirs, SIZE)) {
      other.write(0, OBJECT, 5);
      other.sync();
      for (String name : new String[] {"disk-1.raw", "disk-1.replica.json"}) {
        Files.copy(
            other.file().resolveSibling(name),
            world.file().resolveSibling(name),
            StandardCopyOption.REPLACE_EXISTING,
            StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
    refusedThenRepaired("it holds point");
  }

  private void refusedThenRepaired(String why) {
    int snapshots = world.own().size();
    InvalidPlanException refused = assertThrows(InvalidPlanException.class, () -> world.sync());
    assertTrue(refused.getMessage().contains(why), refused::getMessage);
    assertEquals(snapshots, world.own().size());
    DiskReport repaired = world.sync(SyncMode.RESYNC);
    assertEquals(Verdict.CHECKSUM_RESYNC, repaired.verdict());
    world.checkCommitted(repaired);
    converges();
  }

  // ---- the caller

  @Test
  void aListenerThatThrowsDoesNotDisturbTheRun() {
    SyncListener angry =
        new SyncListener() {
          @Override
          public void runStarted(SyncPlan plan) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void phaseStarted(DiskPlan disk, Phase phase) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void progressed(DiskPlan disk, DiskProgress progress) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void diskCommitted(DiskReport report) {
            throw new IllegalStateException("listener");
          }

          @Override
          public void runEnded(SyncPlan plan) {
            throw new IllegalStateException("listener");
          }
        };
    world.checkCommitted(world.sync(angry));
    converges();
  }

  @Test
  void closingTheEngineEndsItsRunsAndLeavesThemResumable() throws Exception {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    CountDownLatch reading = new CountDownLatch(1);
    CompletableFuture<Void> never = new CompletableFuture<>();
    MemoryCluster connection = world.cluster.connect();
    connection.faults(
        call -> {
          if (call.kind() == Call.Kind.READ && call.number() == 2) {
            reading.countDown();
            return Effect.startAfter(never);
          }
          return Effect.none();
        });
    AtomicReference<SyncException> cancelled = new AtomicReference<>();
    world.in(
        connection,
        new Through(),
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          FutureTask<SyncReport> run = new FutureTask<>(() -> engine.run(plan));
          Thread thread = new Thread(run, "caller");
          thread.start();
          await(reading);
          engine.close();
          ExecutionException ended =
              assertThrows(ExecutionException.class, () -> run.get(10, TimeUnit.SECONDS));
          cancelled.set((SyncException) ended.getCause());
          assertThrows(IllegalStateException.class, () -> engine.run(plan));
          return plan;
        });
    assertTrue(cancelled.get().getMessage().contains("cancelled"), cancelled.get()::getMessage);
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  // ---- the chain store

  @Test
  void aStaleLeaseHolderIsRefusedAtTheCommit() {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        ChainBrokenException.class,
        () ->
            world.sync(
                new Through() {
                  @Override
                  public <T> T durable(String name, Supplier<T> step) {
                    if (name.equals("commit")) {
                      // this proxy stood still for longer than its lease, another took it
                      world.letLeasesExpire();
                      try (Lease theirs =
                          world
                              .chains()
                              .acquire(world.chain(), "other", World.SETTINGS.leaseTime())) {
                        assertTrue(theirs.token() > 1);
                      }
                    }
                    return step.get();
                  }
                }));
    assertEquals(
        0, world.chains().head(world.chain()).orElseThrow().manifest().sequence(), "no commit");
    assertTrue(world.target().state(World.NAME) instanceof ReplicaState.InFlight);
    world.checkAtRest();
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void aHeldLeaseIsAConflictThatNamesItsHolder() {
    try (Lease theirs =
        world.chains().acquire(world.chain(), "proxy-2", World.SETTINGS.leaseTime())) {
      ConflictException held = assertThrows(ConflictException.class, () -> world.sync());
      assertTrue(held.getMessage().contains("proxy-2"), held::getMessage);
      assertTrue(theirs.token() > 0);
    }
    converges();
  }

  @Test
  void aDamagedOrMissingManifestBreaksTheChain() throws IOException {
    world.sync();
    world.write(0, 10, 3);
    world.sync();
    Path older = record("0000000000.json");
    byte[] whole = Files.readAllBytes(older);
    for (byte[] damaged : new byte[][] {{}, "{".getBytes(StandardCharsets.UTF_8), changed(whole)}) {
      Files.write(older, damaged);
      assertThrows(
          ChainBrokenException.class,
          () -> world.chains().newest(world.chain(), Integer.MAX_VALUE));
      assertThrows(ChainBrokenException.class, () -> world.sync());
    }
    Files.delete(older);
    assertThrows(ChainBrokenException.class, () -> world.sync());
    Files.write(older, whole);
    converges();
  }

  @Test
  void aChangedNewestManifestBreaksTheChain() throws IOException {
    world.sync();
    Path newest = record("0000000000.json");
    byte[] whole = Files.readAllBytes(newest);
    Files.write(newest, changed(whole));
    assertThrows(ChainBrokenException.class, () -> world.sync());
    Files.write(newest, whole);
    converges();
  }

  @Test
  void recordsOfANewerFormatAreRefused() throws IOException {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, 2, Effect::fail)));
    for (String name : new String[] {"0000000000.json", "run.json", "lease.json"}) {
      Path record = record(name);
      String whole = Files.readString(record);
      Files.writeString(record, whole.replace("\"format\" : 1", "\"format\" : 4"));
      SyncException refused = assertThrows(SyncException.class, () -> world.sync());
      assertTrue(
          refused instanceof UnsupportedException || refused instanceof InvalidPlanException,
          refused::toString);
      assertTrue(refused.getMessage().contains("format 4"), refused::getMessage);
      Files.writeString(record, whole);
    }
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void damagedRecordsOfRunAndLeaseAreTypedErrors() throws IOException {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, 2, Effect::fail)));
    for (String name : new String[] {"run.json", "lease.json"}) {
      Path record = record(name);
      byte[] whole = Files.readAllBytes(record);
      Files.write(record, new byte[] {'{'});
      assertThrows(ChainBrokenException.class, () -> world.sync());
      Files.write(record, whole);
    }
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void aTornLastRecordOfProgressIsPassedOver() throws IOException {
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, 6, Effect::fail)));
    Path journal;
    try (Stream<Path> files = Files.list(record("run.json").getParent())) {
      journal = files.filter(it -> it.toString().endsWith(".progress")).findFirst().orElseThrow();
    }
    String whole = Files.readString(journal);
    Optional<?> before = world.chains().progress(world.chain());
    for (String torn :
        new String[] {"\n786432", "\n786432 786432 boot 1 0badcafe\n", "\n\n", "\0"}) {
      Files.writeString(journal, whole + torn);
      assertEquals(before, world.chains().progress(world.chain()));
    }
    assertEquals(VerdictReason.RUN_RESUMED, converges().reason());
  }

  @Test
  void whatACrashLeftOfACommitIsNoOpenRun() throws IOException {
    world.sync();
    world.write(0, 3 * OBJECT, 3);
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, 2, Effect::fail)));
    Path run = record("run.json");
    byte[] open = Files.readAllBytes(run);
    world.checkCommitted(world.sync());
    Files.write(run, open);
    Files.write(run.resolveSibling(".new-12345.tmp"), open);
    assertTrue(world.chains().openRun(world.chain()).isEmpty());
    assertEquals(VerdictReason.BASE_PRESENT, converges().reason());
    assertFalse(Files.exists(run.resolveSibling(".new-12345.tmp")));
    assertFalse(Files.exists(run));
  }

  @Test
  void aChainStoreThatCannotBeWrittenFailsBeforeTheSourceIsTouched() throws IOException {
    Files.writeString(world.records(), "a file where the store should be");
    assertThrows(StorageException.class, () -> world.sync());
    assertTrue(world.own().isEmpty());
    assertTrue(world.disk.snapshots().stream().map(Snapshot::name).toList().isEmpty());
    Files.delete(world.records());
    converges();
  }

  private Path record(String name) throws IOException {
    try (Stream<Path> files = Files.walk(world.records())) {
      return files.filter(it -> it.endsWith(name)).findFirst().orElseThrow();
    }
  }

  private static byte[] changed(byte[] record) {
    String text = new String(record, StandardCharsets.UTF_8);
    String changed = text.replaceFirst("\"stripeCount\" : 1", "\"stripeCount\" : 2");
    assertFalse(text.equals(changed));
    byte[] bytes = changed.getBytes(StandardCharsets.UTF_8);
    assertEquals(record.length, bytes.length);
    return bytes;
  }

  private static void writeString(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(10, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Steps that go through, but for the nth of a kind. */
  private static class Through implements Steps {
    private final String kind;
    private final int number;
    private final Supplier<RuntimeException> error;
    private final AtomicInteger seen = new AtomicInteger();

    Through() {
      this("none", 0, IllegalStateException::new);
    }

    Through(String kind, int number, Supplier<RuntimeException> error) {
      this.kind = kind;
      this.number = number;
      this.error = error;
    }

    @Override
    public <T> T durable(String name, Supplier<T> step) {
      if (name.startsWith(kind) && seen.incrementAndGet() == number) {
        throw error.get();
      }
      return step.get();
    }
  }
}
