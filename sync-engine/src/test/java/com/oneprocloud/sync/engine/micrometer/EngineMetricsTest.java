// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.micrometer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.EngineFigures;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.OperationFigures;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a registry tells of an engine. */
class EngineMetricsTest {
  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private final MeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void theRegistryTellsWhatTheEngineTells() {
    try (World world = new World(folder, 4L * World.OBJECT, Duration.ofSeconds(10))) {
      world.write(0, 3 * World.OBJECT, 1);
      world.in(
          engine -> {
            Set<Boolean> seen = new HashSet<>();
            new EngineMetrics(engine, Tags.of("proxy", "one")).bindTo(registry);
            assertEquals(0, gauge("sync.disks", "state", "active"));
            DiskReport report =
                engine
                    .run(
                        engine.plan(World.IMAGE, world.target()),
                        new SyncListener() {
                          @Override
                          public void phaseStarted(DiskPlan disk, Phase phase) {
                            boolean waits = engine.figures().disksWaiting() == 1;
                            seen.add(waits);
                            assertEquals(waits ? 0 : 1, gauge("sync.disks", "state", "active"));
                            assertEquals(waits ? 1 : 0, gauge("sync.disks", "state", "waiting"));
                          }
                        })
                    .disks()
                    .get(0);
            assertEquals(Set.of(true, false), seen);
            EngineFigures figures = engine.figures();
            assertEquals(0, gauge("sync.disks", "state", "active"));
            assertEquals(0, registry.get("sync.memory").gauge().value());
            assertEquals(Double.NaN, registry.get("sync.rate.allowed").gauge().value());
            assertEquals(0, registry.get("sync.disks.oldest").timeGauge().value());
            assertEquals(1, counter("sync.points", "outcome", "committed"));
            assertEquals(0, counter("sync.points", "outcome", "failed"));
            assertTrue(report.bytesWritten() > 0);
            assertEquals(report.bytesWritten(), counter("sync.bytes", "kind", "written"));
            assertEquals(report.bytesZeroed(), counter("sync.bytes", "kind", "zeroed"));
            assertEquals(report.bytesVerified(), counter("sync.bytes", "kind", "verified"));
            Map.of("read", figures.reads(), "target", figures.target(), "flush", figures.flushes())
                .forEach(this::assertOperations);
            return report;
          });
    }
  }

  @Test
  void theLowestRateOfAdaptiveModeIsTold() {
    try (World world = new World(folder, 4L * World.OBJECT, Duration.ofSeconds(10))) {
      world.write(0, 3 * World.OBJECT, 1);
      world.with(
          EngineSettings.defaults().withLimits(Limits.none().withAdaptive(Adaptive.enabled())));
      world.in(
          engine -> {
            new EngineMetrics(engine).bindTo(registry);
            SyncReport report = engine.run(engine.plan(World.IMAGE, world.target()));
            assertEquals(
                engine.figures().allowedRates().get(World.IMAGE.pool()).doubleValue(),
                registry.get("sync.rate.allowed").gauge().value());
            return report;
          });
    }
  }

  private void assertOperations(String operation, OperationFigures figures) {
    assertTrue(figures.count() > 0, operation);
    var timer = registry.get("sync.operations").tag("operation", operation).functionTimer();
    assertEquals(figures.count(), (long) timer.count());
    assertEquals(figures.total().toNanos() / 1e9, timer.totalTime(TimeUnit.SECONDS), 1e-6);
    assertEquals(figures.bytes(), counter("sync.operations.bytes", "operation", operation));
    Map.of(
            "0.5", figures.median(),
            "0.9", figures.p90(),
            "0.99", figures.p99(),
            "1", figures.longest())
        .forEach(
            (phi, time) ->
                assertEquals(
                    time.toNanos() / 1e9,
                    registry
                        .get("sync.operations.percentile")
                        .tags("operation", operation, "phi", phi, "proxy", "one")
                        .timeGauge()
                        .value(TimeUnit.SECONDS),
                    1e-6));
  }

  private double gauge(String name, String key, String value) {
    return registry.get(name).tag(key, value).tag("proxy", "one").gauge().value();
  }

  private long counter(String name, String key, String value) {
    return (long) registry.get(name).tag(key, value).tag("proxy", "one").functionCounter().count();
  }
}
