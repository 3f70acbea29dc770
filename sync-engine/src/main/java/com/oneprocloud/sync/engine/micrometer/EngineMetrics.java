// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.micrometer;

import com.oneprocloud.sync.engine.DiskFigures;
import com.oneprocloud.sync.engine.EngineFigures;
import com.oneprocloud.sync.engine.OperationFigures;
import com.oneprocloud.sync.engine.SyncEngine;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * The figures of an engine as meters of Micrometer, which the embedder brings along:
 *
 * <pre>{@code new EngineMetrics(engine).bindTo(registry);}</pre>
 *
 * <ul>
 *   <li>{@code sync.disks}, by {@code state}: how many disks are {@code active} or {@code waiting}
 *   <li>{@code sync.runs}, by {@code state}: how many runs are {@code active} or {@code waiting}
 *   <li>{@code sync.disks.oldest}: since when the disk that takes longest is being replicated
 *   <li>{@code sync.memory}: bytes of data in memory
 *   <li>{@code sync.rate.allowed}: the lowest rate that adaptive mode allows a pool now, in bytes a
 *       second; not a number while it is off
 *   <li>{@code sync.points}, by {@code outcome}: points of disks {@code committed} and {@code
 *       failed}
 *   <li>{@code sync.bytes}, by {@code kind}: bytes {@code written}, {@code zeroed} and {@code
 *       verified} by runs that committed
 *   <li>{@code sync.operations}, by {@code operation}: how many {@code read}, {@code digest},
 *       {@code target} and {@code flush} operations there were and how long they took; {@code
 *       sync.operations.bytes} what they carried
 *   <li>{@code sync.operations.percentile}, by {@code operation} and {@code phi}: 0.5, 0.9, 0.99
 *       and 1 of their times since the engine was built
 * </ul>
 *
 * <p>The registry holds the engine weakly: meters of one that was let go tell nothing more.
 * Thread-safe.
 */
@SuppressWarnings("exports") // who uses it has Micrometer, and the others need not
public final class EngineMetrics implements MeterBinder {
  private final SyncEngine engine;
  private final Tags tags;

  /** The meters of an engine. */
  public EngineMetrics(SyncEngine engine) {
    this(engine, Tags.empty());
  }

  /**
   * The meters of one of several engines.
   *
   * @param tags what tells it from the others
   */
  public EngineMetrics(SyncEngine engine, Tags tags) {
    this.engine = Objects.requireNonNull(engine, "engine");
    this.tags = Objects.requireNonNull(tags, "tags");
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    states(registry, "disks", "active", it -> it.disks().size() - it.disksWaiting());
    states(registry, "disks", "waiting", EngineFigures::disksWaiting);
    states(registry, "runs", "active", EngineFigures::runsActive);
    states(registry, "runs", "waiting", EngineFigures::runsWaiting);
    Gauge.builder("sync.memory", engine, SyncEngine::bytesInFlight)
        .tags(tags)
        .baseUnit("bytes")
        .description("Bytes of data in memory")
        .register(registry);
    Gauge.builder("sync.rate.allowed", engine, it -> lowest(it.figures()))
        .tags(tags)
        .baseUnit("bytes")
        .description("The lowest rate that adaptive mode allows a pool, bytes a second")
        .register(registry);
    TimeGauge.builder(
            "sync.disks.oldest", engine, TimeUnit.MILLISECONDS, it -> oldest(it.figures()))
        .tags(tags)
        .description("Since when the disk that takes longest is being replicated")
        .register(registry);
    points(registry, "committed", EngineFigures::pointsCommitted);
    points(registry, "failed", EngineFigures::disksFailed);
    bytes(registry, "written", EngineFigures::bytesWritten);
    bytes(registry, "zeroed", EngineFigures::bytesZeroed);
    bytes(registry, "verified", EngineFigures::bytesVerified);
    operations(registry, "read", EngineFigures::reads);
    operations(registry, "digest", EngineFigures::digests);
    operations(registry, "target", EngineFigures::target);
    operations(registry, "flush", EngineFigures::flushes);
  }

  private static double lowest(EngineFigures figures) {
    return figures.allowedRates().values().stream()
        .mapToDouble(Long::doubleValue)
        .min()
        .orElse(Double.NaN);
  }

  private static double oldest(EngineFigures figures) {
    return figures.disks().stream()
        .map(DiskFigures::age)
        .max(Duration::compareTo)
        .map(Duration::toMillis)
        .orElse(0L);
  }

  private void states(
      MeterRegistry registry, String of, String state, ToDoubleFunction<EngineFigures> count) {
    Gauge.builder("sync." + of, engine, it -> count.applyAsDouble(it.figures()))
        .tags(tags.and("state", state))
        .baseUnit(of)
        .description("How many go on, or wait for their turn")
        .register(registry);
  }

  private void points(
      MeterRegistry registry, String outcome, ToLongFunction<EngineFigures> points) {
    FunctionCounter.builder("sync.points", engine, it -> points.applyAsLong(it.figures()))
        .tags(tags.and("outcome", outcome))
        .baseUnit("points")
        .description("Points of disks that were committed, or failed")
        .register(registry);
  }

  private void bytes(MeterRegistry registry, String kind, ToLongFunction<EngineFigures> bytes) {
    FunctionCounter.builder("sync.bytes", engine, it -> bytes.applyAsLong(it.figures()))
        .tags(tags.and("kind", kind))
        .baseUnit("bytes")
        .description("What runs that committed did with their targets")
        .register(registry);
  }

  private void operations(
      MeterRegistry registry,
      String operation,
      Function<EngineFigures, OperationFigures> operations) {
    Tags tagged = tags.and("operation", operation);
    FunctionTimer.builder(
            "sync.operations",
            engine,
            it -> operations.apply(it.figures()).count(),
            it -> operations.apply(it.figures()).total().toNanos(),
            TimeUnit.NANOSECONDS)
        .tags(tagged)
        .description("Reads and digests of the source, work on the target, flushes of the target")
        .register(registry);
    FunctionCounter.builder(
            "sync.operations.bytes", engine, it -> operations.apply(it.figures()).bytes())
        .tags(tagged)
        .baseUnit("bytes")
        .description("What the operations carried")
        .register(registry);
    percentile(registry, tagged.and("phi", "0.5"), operations, OperationFigures::median);
    percentile(registry, tagged.and("phi", "0.9"), operations, OperationFigures::p90);
    percentile(registry, tagged.and("phi", "0.99"), operations, OperationFigures::p99);
    percentile(registry, tagged.and("phi", "1"), operations, OperationFigures::longest);
  }

  private void percentile(
      MeterRegistry registry,
      Tags tagged,
      Function<EngineFigures, OperationFigures> operations,
      Function<OperationFigures, Duration> time) {
    TimeGauge.builder(
            "sync.operations.percentile",
            engine,
            TimeUnit.NANOSECONDS,
            it -> time.apply(operations.apply(it.figures())).toNanos())
        .tags(tagged)
        .description("That part of the operations took at most so long")
        .register(registry);
  }
}
