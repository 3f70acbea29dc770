// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import java.util.Arrays;

/**
 * The lowest that a time came to in the last hour, averaged over {@value #LOOKS} looks, so that a
 * lucky one does not count. Not thread-safe.
 */
final class Baseline {
  /** Over how many looks it is averaged. */
  static final int LOOKS = 16;

  /** Before as many, there is only the average. */
  private static final int FEW = 8;

  /** It ages in steps of as many nanoseconds. */
  static final long STEP = 300_000_000_000L;

  private static final int STEPS = 12;

  /** The lowest average of each step. */
  private final double[] lowest = new double[STEPS];

  private long step = Long.MIN_VALUE;
  private int looks;
  private double average;

  Baseline() {
    Arrays.fill(lowest, Double.POSITIVE_INFINITY);
  }

  /**
   * Takes note of what a look came to, and returns the lowest.
   *
   * @param took nanoseconds
   * @param now nanoseconds, not before what it was the last time
   */
  double add(double took, long now) {
    looks = Math.min(LOOKS, looks + 1);
    average += (took - average) / looks;
    long current = Math.floorDiv(now, STEP);
    for (long i = Math.max(step + 1, current - STEPS + 1); i <= current; i++) {
      lowest[Math.floorMod(i, STEPS)] = Double.POSITIVE_INFINITY;
    }
    step = current;
    if (looks < FEW) {
      return average;
    }
    int place = Math.floorMod(current, STEPS);
    lowest[place] = Math.min(lowest[place], average);
    return Arrays.stream(lowest).min().orElseThrow();
  }
}
