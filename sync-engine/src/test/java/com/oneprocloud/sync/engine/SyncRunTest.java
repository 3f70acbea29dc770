// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are submitted: images of their own, one at a time, the first of which is held up. */
class SyncRunTest {
  private static final int OBJECT = 64 << 10;
  private static final int IMAGES = 6;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final MemoryCluster cluster =
      MemoryCluster.builder().pools("volumes").deadline(Duration.ofMinutes(2)).build();
  private final Snapshotter snapshotter = cluster.snapshotter();

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("open handles", cluster::openHandles);

  private final CompletableFuture<Void> holding = new CompletableFuture<>();
  private final CountDownLatch reading = new CountDownLatch(1);
  private final List<String> heard = Collections.synchronizedList(new ArrayList<>());

  /** One, until it is closed: its memory is looked for after the test. */
  private final Deque<SyncEngine> engine = new ArrayDeque<>();

  @BeforeEach
  void open() {
    for (int i = 0; i < IMAGES; i++) {
      MemoryDisk disk = cluster.newDisk(image(i)).size(20L * OBJECT).objectSize(OBJECT).create();
      // the smallest last
      disk.write(0, new byte[(IMAGES - i) * OBJECT]);
    }
    cluster.faults(
        call -> {
          if (call.kind() == Call.Kind.READ && call.subject().contains("disk-0@")) {
            reading.countDown();
            return Effect.startAfter(holding);
          }
          return Effect.none();
        });
    engine.add(
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(snapshotter)
            .chains(chains())
            .settings(
                EngineSettings.defaults()
                    .withBytesInFlight(1 << 20)
                    .withWorkers(2)
                    .withParallelRuns(1))
            .build());
  }

  @AfterEach
  void close() {
    holding.complete(null);
    engine.remove().close();
    snapshotter.close();
    cluster.close();
  }

  private SyncEngine engine() {
    return engine.element();
  }

  private ChainStore chains() {
    return DirectoryChainStore.at(folder.resolve("chains"));
  }

  private DirectoryTarget target() {
    return DirectoryTarget.at(folder.resolve("replicas"));
  }

  private static ImageSpec image(int i) {
    return ImageSpec.of("volumes", "disk-" + i);
  }

  private SyncPlan plan(int i) {
    return engine().plan(image(i), target());
  }

  private SyncRun submit(int i, RunControl control) {
    SyncListener listener =
        new SyncListener() {
          @Override
          public void runWaiting(SyncPlan plan) {
            heard.add("waiting " + i);
          }

          @Override
          public void runStarted(SyncPlan plan) {
            heard.add("started " + i);
          }

          @Override
          public void runEnded(SyncPlan plan) {
            heard.add("ended " + i);
          }
        };
    return engine().submit(plan(i), listener, control);
  }

  private SyncRun submit(int i) {
    return submit(i, new RunControl());
  }

  /** A run that is admitted and reads until it is let go. */
  private SyncRun submitFirst() throws InterruptedException {
    SyncRun first = submit(0);
    assertTrue(reading.await(60, TimeUnit.SECONDS));
    return first;
  }

  private static SyncReport report(SyncRun run) throws Exception {
    return run.report().toCompletableFuture().get(60, TimeUnit.SECONDS);
  }

  private static SyncException failure(SyncRun run) {
    return assertThrows(SyncException.class, run::await);
  }

  private static void assertCancelled(SyncRun run) {
    SyncException cancelled = failure(run);
    assertTrue(cancelled.getMessage().contains("cancelled"), cancelled::getMessage);
    assertFalse(run.isWaiting());
  }

  private void assertNothingDone(int i) {
    assertEquals(List.of(), cluster.disk(image(i)).snapshots());
    SyncPlan plan = plan(i);
    assertFalse(plan.resumes());
    assertInstanceOf(
        ReplicaState.Empty.class, target().state(plan.disks().get(0).chain().replica()));
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(it -> it.getName().startsWith("sync-run"))
        .count();
  }

  @Test
  void aRunThatWaitsHoldsNothingAndTheSmallestGoesFirst() throws Exception {
    SyncRun first = submitFirst();
    long handles = cluster.openHandles();
    List<SyncRun> others = new ArrayList<>();
    for (int i = 1; i < IMAGES; i++) {
      others.add(submit(i));
    }
    assertTrue(others.stream().allMatch(SyncRun::isWaiting));
    assertEquals(handles, cluster.openHandles());
    assertEquals(1, threads());
    assertEquals(1, engine().figures().runsActive());
    assertEquals(IMAGES - 1, engine().figures().runsWaiting());
    assertEquals(1, engine().figures().disks().size());
    for (int i = 1; i < IMAGES; i++) {
      assertNothingDone(i);
    }
    holding.complete(null);
    for (SyncRun run : others) {
      assertEquals(run.plan().run(), report(run).run());
      assertFalse(run.isWaiting());
    }
    assertEquals(0, report(first).disks().get(0).committed().manifest().sequence());
    assertEquals(0, engine().figures().runsActive());
    assertEquals(0, engine().figures().runsWaiting());
    assertEquals(
        List.of(
            "ended 0",
            "started 5",
            "ended 5",
            "started 4",
            "ended 4",
            "started 3",
            "ended 3",
            "started 2",
            "ended 2",
            "started 1",
            "ended 1"),
        heard.subList(IMAGES + 1, heard.size()));
    assertTrue(heard.subList(2, IMAGES + 1).stream().allMatch(it -> it.startsWith("waiting")));
  }

  @Test
  void aRunThatWaitsIsCancelledAtOnce() throws Exception {
    SyncRun first = submitFirst();
    RunControl control = new RunControl();
    SyncRun byControl = submit(1, control);
    SyncRun byItself = submit(2);
    SyncRun goesOn = submit(3);
    control.cancel();
    byItself.cancel();
    byItself.cancel();
    assertCancelled(byControl);
    assertCancelled(byItself);
    assertFalse(control.isPaused());
    assertNothingDone(1);
    assertNothingDone(2);
    assertTrue(goesOn.isWaiting());
    holding.complete(null);
    report(first);
    report(goesOn);
    assertEquals(
        List.of("ended 0", "started 3", "ended 3"), heard.subList(heard.size() - 3, heard.size()));
  }

  @Test
  void theInterruptOfACallerThatWaitsCancelsItsRun() throws Exception {
    SyncRun first = submitFirst();
    SyncPlan plan = plan(1);
    Thread.currentThread().interrupt();
    assertThrows(SyncException.class, () -> engine().run(plan));
    assertTrue(Thread.interrupted(), "the caller's interrupt is kept");
    assertNothingDone(1);
    SyncRun second = submit(1);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, second::await);
    assertTrue(second.isWaiting(), "who waits for a report cancels nothing");
    holding.complete(null);
    report(first);
    report(second);
  }

  @Test
  void aRunThatGoesOnIsCancelledWhenItIsAtRestAndTakenUp() throws Exception {
    SyncRun first = submitFirst();
    SyncRun second = submit(1);
    first.cancel();
    assertFalse(first.report().toCompletableFuture().isDone(), "a read is under way");
    holding.complete(null);
    assertCancelled(first);
    assertEquals(1, report(second).disks().size());
    SyncPlan rest = plan(0);
    assertTrue(rest.resumes());
    assertEquals(first.plan().run(), rest.run());
    first.cancel();
    assertEquals(first.plan().run(), report(engine().submit(rest)).run());
  }

  @Test
  void aRunThatWaitsIsPausedAndBeginsWhenItIsResumed() throws Exception {
    SyncRun first = submitFirst();
    RunControl control = new RunControl();
    SyncRun second = submit(1, control);
    control.pause();
    assertFalse(second.isWaiting());
    assertEquals(0, engine().figures().runsWaiting());
    assertThrows(IllegalStateException.class, () -> submit(2, control), "it steers a run");
    holding.complete(null);
    report(first);
    assertNothingDone(1);
    control.resume();
    SyncReport report = report(second);
    assertEquals(second.plan().run(), report.run());
    assertEquals(1, report.disks().size());
    report(submit(2, control));
  }

  @Test
  void aRunThatIsPausedGivesItsPlaceToOthers() throws Exception {
    RunControl control = new RunControl();
    SyncRun first = submit(0, control);
    assertTrue(reading.await(60, TimeUnit.SECONDS));
    SyncRun second = submit(1);
    control.pause();
    holding.complete(null);
    report(second);
    assertEquals(0, engine().figures().runsActive());
    control.resume();
    SyncReport report = report(first);
    assertEquals(first.plan().run(), report.run());
    assertEquals(1, report.disks().size());
  }

  @Test
  void aControlThatWasToldBeforeIsHeededBeforeAnythingIsDone() throws Exception {
    RunControl ended = new RunControl();
    ended.cancel();
    ended.resume();
    assertCancelled(submit(1, ended));
    RunControl paused = new RunControl();
    paused.pause();
    SyncRun run = submit(2, paused);
    assertNothingDone(1);
    assertNothingDone(2);
    paused.cancel();
    assertCancelled(run);
  }

  @Test
  void closingTheEngineEndsAllThatWaitsIsPausedAndGoesOn() throws Exception {
    SyncRun first = submitFirst();
    SyncRun waits = submit(1);
    RunControl control = new RunControl();
    control.pause();
    SyncRun paused = submit(2, control);
    CompletableFuture<Void> closing = CompletableFuture.runAsync(engine()::close);
    assertCancelled(waits);
    assertCancelled(paused);
    assertFalse(closing.isDone(), "a read is under way");
    holding.complete(null);
    assertCancelled(first);
    closing.get(60, TimeUnit.SECONDS);
    assertEquals(0, engine().bytesInFlight());
    assertTrue(chains().openRun(first.plan().disks().get(0).chain()).isPresent());
    SyncPlan plan = plan(3);
    assertThrows(IllegalStateException.class, () -> engine().submit(plan));
    assertThrows(IllegalStateException.class, () -> engine().run(plan));
    assertNothingDone(1);
    assertNothingDone(2);
    assertNothingDone(3);
  }

  @Test
  void aPlanIsAsGoodAfterItWaitedUnlessItsChainMoved() throws Exception {
    SyncRun first = submitFirst();
    SyncRun grown = submit(1);
    SyncRun other = submit(2);
    SyncRun same = submit(2);
    cluster.disk(image(1)).resize(30L * OBJECT);
    cluster.disk(image(1)).write(29L * OBJECT, new byte[] {4});
    holding.complete(null);
    report(first);
    assertEquals(30L * OBJECT, report(grown).disks().get(0).committed().manifest().size());
    report(other);
    ConflictException moved = assertInstanceOf(ConflictException.class, failure(same));
    assertSame(moved, failure(same), "everybody is told the same");
    assertNotEquals(other.plan().run(), same.plan().run());
  }

  @Test
  void whatHearsOfTheEndMaySubmitTheNext() throws Exception {
    CompletableFuture<SyncReport> second =
        submitFirst()
            .report()
            .thenCompose(done -> engine().submit(plan(0)).report())
            .toCompletableFuture();
    holding.complete(null);
    assertEquals(
        1, second.get(60, TimeUnit.SECONDS).disks().get(0).committed().manifest().sequence());
  }
}
