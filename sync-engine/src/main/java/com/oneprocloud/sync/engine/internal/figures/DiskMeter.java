// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.figures;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.engine.DiskFigures;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How far one disk is. Closing takes it out of the engine's figures. Thread-safe. */
public final class DiskMeter implements AutoCloseable {
  private static final double BYTES_SECONDS = 5;
  private static final double OFFSET_SECONDS = 30;

  private final DiskPlan plan;
  private final LongSupplier clock;
  private final Consumer<DiskMeter> closing;
  private final long began;
  private @Nullable Phase phase;
  private DiskProgress progress;
  private Rate bytes;
  private @Nullable Rate offset;

  /**
   * A meter.
   *
   * @param clock nanoseconds
   * @param closing called when the disk is done
   */
  DiskMeter(DiskPlan plan, LongSupplier clock, Consumer<DiskMeter> closing) {
    this.plan = plan;
    this.clock = clock;
    this.closing = closing;
    this.began = clock.getAsLong();
    this.progress = new DiskProgress(Phase.SNAPSHOT, 0, plan.size(), 0);
    this.bytes = new Rate(BYTES_SECONDS, 0, began);
  }

  /** A phase begins. */
  public synchronized void begin(Phase next) {
    phase = next;
    progress = new DiskProgress(next, 0, plan.size(), 0);
    bytes = new Rate(BYTES_SECONDS, 0, clock.getAsLong());
    offset = null;
  }

  /** It went on within the phase. */
  public synchronized void progressed(DiskProgress to) {
    long now = clock.getAsLong();
    if (offset == null) {
      // a run that is taken up does not start at 0
      offset = new Rate(OFFSET_SECONDS, to.offset(), now);
    } else {
      offset.update(to.offset(), now);
    }
    bytes.update(to.bytesMoved(), now);
    progress = to;
  }

  /** How far it is. */
  public synchronized DiskFigures figures() {
    long now = clock.getAsLong();
    return new DiskFigures(
        plan,
        Optional.ofNullable(phase),
        progress.offset(),
        progress.size(),
        progress.bytesMoved(),
        bytes.perSecond(now),
        remaining(now),
        Duration.ofNanos(now - began));
  }

  private Optional<Duration> remaining(long now) {
    double speed = offset == null ? 0 : offset.perSecond(now);
    if (speed <= 0) {
      return Optional.empty();
    }
    double seconds = (progress.size() - progress.offset()) / speed;
    // beyond a century it is no estimate
    return seconds < 3e9
        ? Optional.of(Duration.ofMillis((long) (seconds * 1e3)))
        : Optional.empty();
  }

  /** The disk is done with, well or not. */
  @Override
  public void close() {
    closing.accept(this);
  }
}
