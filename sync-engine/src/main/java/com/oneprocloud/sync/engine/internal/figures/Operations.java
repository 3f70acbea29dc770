// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.figures;

import com.oneprocloud.sync.engine.OperationFigures;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts operations of one kind, and how long they took: eight classes for every doubling of the
 * time, so that a percentile is at most an eighth too high, in memory that does not grow.
 * Thread-safe, without locks.
 */
public final class Operations {
  private static final int SPLIT_BITS = 3;
  private static final int SPLIT = 1 << SPLIT_BITS;

  /** Of a time in microseconds; the last class begins at 2 to the power of 36, after 19 hours. */
  private static final int MAX_EXPONENT = 36;

  private static final int CLASSES = (MAX_EXPONENT - SPLIT_BITS + 2) * SPLIT;

  private final AtomicLongArray classes = new AtomicLongArray(CLASSES);
  private final LongAdder bytes = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private final LongAccumulator longest = new LongAccumulator(Math::max, 0);

  /** Nothing counted yet. */
  public Operations() {}

  /**
   * Counts one.
   *
   * @param length how many bytes it carried; 0 or more
   * @param took how many nanoseconds it took
   */
  public void add(long length, long took) {
    long time = Math.max(0, took);
    longest.accumulate(time);
    nanos.add(time);
    bytes.add(length);
    classes.incrementAndGet(classOf(time / 1_000));
  }

  /** What was counted so far; what is counted meanwhile may be in it in part. */
  public OperationFigures figures() {
    long[] counts = new long[CLASSES];
    long count = 0;
    for (int i = 0; i < CLASSES; i++) {
      counts[i] = classes.get(i);
      count += counts[i];
    }
    long max = longest.get();
    return new OperationFigures(
        count,
        bytes.sum(),
        Duration.ofNanos(nanos.sum()),
        percentile(counts, count, 0.5, max),
        percentile(counts, count, 0.9, max),
        percentile(counts, count, 0.99, max),
        Duration.ofNanos(max));
  }

  private static Duration percentile(long[] counts, long count, double part, long max) {
    long rank = (long) Math.ceil(count * part);
    long passed = 0;
    for (int i = 0; i < CLASSES; i++) {
      passed += counts[i];
      if (passed >= rank && passed > 0) {
        // nothing took longer than the longest, and the last class has no end
        return Duration.ofNanos(i == CLASSES - 1 ? max : Math.min(max, endOf(i) * 1_000));
      }
    }
    return Duration.ZERO;
  }

  private static int classOf(long micros) {
    if (micros < SPLIT) {
      return (int) micros;
    }
    int exponent = 63 - Long.numberOfLeadingZeros(micros);
    if (exponent > MAX_EXPONENT) {
      return CLASSES - 1;
    }
    int part = (int) (micros >> (exponent - SPLIT_BITS)) - SPLIT;
    return (exponent - SPLIT_BITS + 1) * SPLIT + part;
  }

  /** The first microsecond that is not in the class any more. */
  private static long endOf(int index) {
    if (index < SPLIT) {
      return index + 1L;
    }
    int shift = index / SPLIT - 1;
    return (SPLIT + index % SPLIT + 1L) << shift;
  }
}
