// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Makes reads from a cluster in memory take as long as over a network. Thread-safe. */
final class Link implements Faults {
  private final double bytesPerSecond;
  private final long latencyNanos;
  private long free = System.nanoTime();

  /**
   * A link.
   *
   * @param bytesPerSecond its rate
   * @param latencyNanos how long the smallest read takes
   */
  Link(double bytesPerSecond, long latencyNanos) {
    this.bytesPerSecond = bytesPerSecond;
    this.latencyNanos = latencyNanos;
  }

  @Override
  public Effect on(Call call) {
    if (call.kind() != Call.Kind.READ) {
      return Effect.none();
    }
    long wait = latencyNanos + queue((long) (call.length() / bytesPerSecond * 1e9));
    return Effect.startAfter(
        new CompletableFuture<@Nullable Void>()
            .completeOnTimeout(null, wait, TimeUnit.NANOSECONDS));
  }

  /** Takes a place behind what is under way; how long until it is through. */
  private synchronized long queue(long nanos) {
    long now = System.nanoTime();
    free = Math.max(now, free) + nanos;
    return free - now;
  }
}
