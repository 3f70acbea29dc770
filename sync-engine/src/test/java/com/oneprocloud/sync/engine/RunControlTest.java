// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A run that is paused, resumed and cancelled. */
class RunControlTest {
  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private final RunControl control = new RunControl();
  private final Semaphore ended = new Semaphore(0);
  private World world;

  @BeforeEach
  void open() {
    world = new World(folder, 12L * World.OBJECT, Duration.ofMillis(300));
    world.write(0, 10 * World.OBJECT, 1);
  }

  @AfterEach
  void close() {
    left = world.left();
    world.close();
  }

  /** What a test does while a run goes on. */
  private interface Meanwhile {
    void act(SyncEngine engine, FutureTask<SyncReport> run) throws Exception;
  }

  /**
   * Starts a run whose fourth read or digest of the source stops once, when the control is told
   * something.
   */
  private void inTheMiddle(SyncMode mode, Runnable told, Meanwhile meanwhile) {
    MemoryCluster connection = world.cluster.connect();
    AtomicInteger asked = new AtomicInteger();
    connection.faults(
        call -> {
          boolean data = call.kind() == Call.Kind.READ || call.kind() == Call.Kind.DIGEST;
          if (!data || asked.incrementAndGet() != 4) {
            return Effect.none();
          }
          told.run();
          return Effect.startAfter(new CompletableFuture<>());
        });
    SyncListener listener =
        new SyncListener() {
          @Override
          public void runEnded(SyncPlan plan) {
            ended.release();
          }
        };
    world.in(
        connection,
        CrashPoint.never(),
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target(), mode);
          FutureTask<SyncReport> run =
              new FutureTask<>(
                  () -> {
                    SyncReport report = engine.run(plan, listener, control);
                    assertFalse(Thread.currentThread().isInterrupted());
                    return report;
                  });
          new Thread(run, "caller").start();
          try {
            assertTrue(ended.tryAcquire(60, TimeUnit.SECONDS), "it stops");
            meanwhile.act(engine, run);
          } catch (Exception e) {
            throw new AssertionError(e);
          } finally {
            control.cancel();
          }
          return plan;
        });
  }

  @Test
  void aPausedRunHoldsNothingAndGoesOnWhereItStopped() {
    world.sync();
    world.write(0, 10 * World.OBJECT, 2);
    inTheMiddle(
        SyncMode.AUTO,
        control::pause,
        (engine, run) -> {
          assertTrue(control.isPaused());
          assertEquals(0, engine.bytesInFlight());
          assertTrue(world.chains().openRun(world.chain()).isPresent());
          assertInstanceOf(ReplicaState.InFlight.class, world.target().state(World.NAME));
          try (Lease free = world.chains().acquire(world.chain(), "other", Duration.ofMinutes(1))) {
            assertTrue(free.token() > 0);
          }
          assertFalse(run.isDone());
          control.resume();
          DiskReport disk = run.get(60, TimeUnit.SECONDS).disks().get(0);
          assertEquals(VerdictReason.RUN_RESUMED, disk.reason());
          world.checkCommitted(disk);
        });
    assertEquals(2, world.own().size());
  }

  @Test
  void afterAPauseWhatWasAskedForStaysAskedFor() {
    world.sync();
    inTheMiddle(
        SyncMode.RESYNC,
        control::pause,
        (engine, run) -> {
          control.resume();
          DiskReport disk = run.get(60, TimeUnit.SECONDS).disks().get(0);
          assertEquals(VerdictReason.RUN_RESUMED, disk.reason());
          assertEquals(Verdict.CHECKSUM_RESYNC, disk.verdict());
          world.checkCommitted(disk);
        });
  }

  @Test
  void aCancelledRunIsTakenUpByTheNext() {
    inTheMiddle(
        SyncMode.AUTO,
        control::cancel,
        (engine, run) -> {
          ExecutionException failed =
              assertThrows(ExecutionException.class, () -> run.get(60, TimeUnit.SECONDS));
          SyncException cancelled = assertInstanceOf(SyncException.class, failed.getCause());
          assertTrue(cancelled.getMessage().contains("cancelled"), cancelled::getMessage);
        });
    assertTrue(control.isCancelled());
    DiskReport next = world.sync();
    assertEquals(VerdictReason.RUN_RESUMED, next.reason());
    world.checkCommitted(next);
  }

  @Test
  void aPausedRunCanBeCancelled() {
    inTheMiddle(
        SyncMode.AUTO,
        control::pause,
        (engine, run) -> {
          control.cancel();
          control.resume();
          ExecutionException failed =
              assertThrows(ExecutionException.class, () -> run.get(60, TimeUnit.SECONDS));
          SyncException cancelled = assertInstanceOf(SyncException.class, failed.getCause());
          assertTrue(cancelled.getMessage().contains("cancelled"), cancelled::getMessage);
        });
    DiskReport next = world.sync();
    assertEquals(VerdictReason.RUN_RESUMED, next.reason());
    world.checkCommitted(next);
  }

  @Test
  void aRunThatNobodyDisturbsIsLikeAnyOther() {
    DiskReport disk =
        world.in(
            engine ->
                engine
                    .run(engine.plan(World.IMAGE, world.target()), SyncListener.NONE, control)
                    .disks()
                    .get(0));
    world.checkCommitted(disk);
    assertFalse(control.isPaused() || control.isCancelled());
  }
}
