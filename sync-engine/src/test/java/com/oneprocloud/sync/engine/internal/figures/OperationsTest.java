// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.figures;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.engine.OperationFigures;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class OperationsTest {
  private final Operations operations = new Operations();

  @Test
  void nothingCountedIsZero() {
    Duration none = Duration.ZERO;
    assertEquals(new OperationFigures(0, 0, none, none, none, none, none), operations.figures());
  }

  @Test
  void percentilesAreAtMostAnEighthTooHigh() {
    long seed = Long.getLong("sync.seed", System.nanoTime());
    String text = "-Dsync.seed=" + seed;
    SplittableRandom random = new SplittableRandom(seed);
    long[] times = new long[1 + random.nextInt(2_000)];
    long sum = 0;
    for (int i = 0; i < times.length; i++) {
      // from a microsecond to about three hours, evenly over the orders
      times[i] = (long) Math.exp(random.nextDouble(Math.log(1e3), Math.log(1e13)));
      sum += times[i];
      operations.add(i, times[i]);
    }
    Arrays.sort(times);
    OperationFigures figures = operations.figures();
    assertEquals(times.length, figures.count(), text);
    assertEquals(times.length * (times.length - 1L) / 2, figures.bytes(), text);
    assertEquals(sum / times.length, figures.mean().toNanos(), text);
    assertEquals(times[times.length - 1], figures.longest().toNanos(), text);
    checkPercentile(times, 0.5, figures.median(), text);
    checkPercentile(times, 0.9, figures.p90(), text);
    checkPercentile(times, 0.99, figures.p99(), text);
  }

  private static void checkPercentile(long[] sorted, double part, Duration told, String text) {
    long exact = sorted[(int) Math.ceil(sorted.length * part) - 1];
    assertTrue(told.toNanos() >= exact, part + ": " + told + " of " + exact + ", " + text);
    // a class of the shortest times is a microsecond wide
    assertTrue(
        told.toNanos() <= exact + exact / 8 + 2_000,
        part + ": " + told + " of " + exact + ", " + text);
  }

  @Test
  void aTimeBeyondAllClassesIsKept() {
    long days = Duration.ofDays(3).toNanos();
    operations.add(1, days);
    assertEquals(Duration.ofNanos(days), operations.figures().median());
  }
}
