// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.RateLimit;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Which rate a pool may have, by what single small reads take on it while none of our own is under
 * way: see {@link Adaptive}. Our own load is left out of that, so alone the rate grows until
 * nothing holds us back; and it is no matter how large our reads are. Not thread-safe.
 */
final class Adaptation {
  /** What is tried first, and now and then, in floors. */
  static final int TRIED = 8;

  /** How often more than the floor is tried, in nanoseconds. */
  static final long TRY = 5_000_000_000L;

  /** After how many nanoseconds without a look it starts anew. */
  static final long REST = 10_000_000_000L;

  /** How many times what is allowed is so much that the rate falls to the floor at once. */
  private static final int AT_ONCE = 10;

  /** Of how many looks the median counts. */
  private static final int MEDIAN_OF = 3;

  private final Adaptive settings;
  private final long start;
  private final Baseline baseline = new Baseline();
  private double lowest = Double.POSITIVE_INFINITY;

  /** What the last looks since the rate has leapt took, the newest last. */
  private final Deque<Double> last = new ArrayDeque<>();

  private long rate;
  private long looked;
  private boolean tries;

  /** Since when the rate has been the floor. */
  private long low;

  Adaptation(Adaptive settings, long now) {
    this.settings = settings;
    this.start = Math.min(RateLimit.FASTEST, settings.floor() * TRIED);
    this.rate = start;
    this.looked = now;
  }

  /** Bytes a second. */
  long rate() {
    return rate;
  }

  /** Whether a read took so long that there is no need for another one. */
  boolean isFarTooSlow(long took) {
    return took > AT_ONCE * settings.slowdown() * lowest;
  }

  /**
   * Takes note of a look.
   *
   * @param took what a small read took, in nanoseconds
   * @param used bytes a second that were read since the last look
   * @param now nanoseconds
   */
  void look(long took, double used, long now) {
    if (now - looked >= REST) {
      rate = Math.min(rate, start);
      last.clear();
    }
    looked = now;
    boolean farTooSlow = isFarTooSlow(took);
    double time = (double) took;
    last.addLast(time);
    if (last.size() > MEDIAN_OF) {
      last.removeFirst();
    }
    lowest = baseline.add(time, now);
    long before = rate;
    if (farTooSlow || recent() > settings.slowdown() * lowest) {
      // what was not used is not worth halving
      double half = Math.min((double) rate, used) / 2;
      rate = farTooSlow || tries ? settings.floor() : Math.max(settings.floor(), (long) half);
    } else if (used >= rate / 2.0) {
      rate = Math.min(RateLimit.FASTEST, rate * 2);
    }
    tries = false;
    if (rate > settings.floor() || before > settings.floor()) {
      low = now;
    } else if (now - low >= TRY) {
      rate = start;
      last.clear();
      tries = true;
    }
  }

  /**
   * The median, of two the lower: what disturbs a single look, such as our own diff, is passed
   * over.
   */
  private double recent() {
    double[] sorted = last.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[(sorted.length - 1) / 2];
  }
}
