// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an engine tells of itself. */
class FiguresTest {
  private static final long SIZE = 12L * World.OBJECT;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private World world;

  @BeforeEach
  void open() {
    world = new World(folder, SIZE, Duration.ofMillis(300));
    world.write(0, 10 * World.OBJECT, 1);
  }

  @AfterEach
  void close() {
    left = world.left();
    world.close();
  }

  @Test
  void aRunIsToldWhileItGoesOnAndSummedUpAfterwards() {
    world.in(
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          List<DiskFigures> atPhases = new ArrayList<>();
          SyncListener listener =
              new SyncListener() {
                @Override
                public void phaseStarted(DiskPlan disk, Phase phase) {
                  atPhases.addAll(engine.figures().disks());
                }
              };
          DiskReport report = engine.run(plan, listener).disks().get(0);
          assertEquals(
              List.of(
                  Optional.empty(),
                  Optional.of(SyncListener.Phase.TRANSFER),
                  Optional.of(SyncListener.Phase.VERIFY),
                  Optional.of(SyncListener.Phase.COMMIT)),
              atPhases.stream().map(DiskFigures::phase).toList());
          EngineFigures figures = engine.figures();
          assertEquals(List.of(), figures.disks());
          assertEquals(0, figures.disksWaiting());
          assertEquals(1, figures.pointsCommitted());
          assertEquals(0, figures.disksFailed());
          assertEquals(report.bytesWritten(), figures.bytesWritten());
          assertEquals(report.bytesZeroed(), figures.bytesZeroed());
          assertEquals(report.bytesVerified(), figures.bytesVerified());
          assertTrue(figures.reads().bytes() >= report.bytesRead(), figures::toString);
          assertTrue(figures.target().count() > 0, figures::toString);
          assertTrue(figures.flushes().count() > 0, figures::toString);
          return report;
        });
  }

  /**
   * Reads, digests and failures are told to the pace when they are over: else no look would ever be
   * made again.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void inAdaptiveModeThePoolsRateIsToldAndChanges(boolean digests) {
    EngineSettings settings =
        EngineSettings.defaults()
            .withDigests(digests)
            .withVerification(Verification.ALL)
            .withLimits(Limits.none().withAdaptive(Adaptive.enabled()));
    world.with(settings);
    MemoryCluster connection = world.cluster.connect();
    AtomicInteger reads = new AtomicInteger();
    connection.faults(
        call ->
            call.kind() == Call.Kind.READ && call.length() > 4096 && reads.incrementAndGet() == 1
                ? Effect.fail(call)
                : Effect.none());
    world.in(
        connection,
        CrashPoint.never(),
        engine -> {
          assertThrows(
              SyncException.class, () -> engine.run(engine.plan(World.IMAGE, world.target())));
          Map<String, Long> first = engine.figures().allowedRates();
          assertEquals(Set.of(World.IMAGE.pool()), first.keySet());
          SyncReport report = engine.run(engine.plan(World.IMAGE, world.target()));
          while (engine.figures().allowedRates().equals(first)) {
            report = engine.run(engine.plan(World.IMAGE, world.target()));
          }
          return report;
        });
  }

  @Test
  void aFailedDiskIsCountedAndGone() {
    MemoryCluster connection = world.cluster.connect();
    connection.faults(call -> call.kind() == Call.Kind.READ ? Effect.fail(call) : Effect.none());
    world.in(
        connection,
        CrashPoint.never(),
        engine -> {
          SyncPlan plan = engine.plan(World.IMAGE, world.target());
          assertThrows(SyncException.class, () -> engine.run(plan));
          EngineFigures figures = engine.figures();
          assertEquals(List.of(), figures.disks());
          assertEquals(0, figures.pointsCommitted());
          assertEquals(1, figures.disksFailed());
          assertEquals(0, figures.bytesWritten());
          return plan;
        });
  }
}
