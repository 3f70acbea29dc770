// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

/**
 * Whether runs back off when others load the cluster. Immutable; off unless it is switched on.
 *
 * <p>Each pool has a rate for its disks together. At least every 500 ms of reading, if it can be,
 * they let what is under way run out, and one of them reads 4 KiB nine times, one after the other:
 * what that takes is what the cluster takes when we ask nothing else of it. This is held against
 * the lowest it came to in the last hour, averaged over 16 such looks. Where the median of the last
 * three is more than {@link #slowdown} times that, the rate is halved, down to {@link #floor}; else
 * it is doubled, as long as it is used up. It starts at eight times the floor, and so it does after
 * ten seconds without a look. The reads of looks take at most a twentieth of the time.
 *
 * <p>What others do all the time counts as the cluster's own speed: after an hour without a quieter
 * moment, and for an engine that was built meanwhile.
 *
 * @param on whether they do
 * @param slowdown how many times as long as on the quiet cluster a read may take; 1.1 to 100,
 *     default 1.5
 * @param floor the lowest rate, in bytes a second, for all disks of a pool together; from 1,000,000
 *     to {@link RateLimit#FASTEST}, default 16 MiB. Every five seconds that it is kept to, eight
 *     times as much is tried for one look, because a cluster at rest answers slower than one at
 *     work
 */
public record Adaptive(boolean on, double slowdown, long floor) {
  private static final double LEAST_SLOWDOWN = 1.1;
  private static final double MOST_SLOWDOWN = 100;
  private static final long LEAST_FLOOR = 1_000_000;

  /** Checks the ranges. */
  public Adaptive {
    if (!(slowdown >= LEAST_SLOWDOWN && slowdown <= MOST_SLOWDOWN)) {
      throw new IllegalArgumentException("slowdown is not from 1.1 to 100: " + slowdown);
    }
    if (floor < LEAST_FLOOR || floor > RateLimit.FASTEST) {
      throw new IllegalArgumentException(
          "floor is not from " + LEAST_FLOOR + " to " + RateLimit.FASTEST + ": " + floor);
    }
  }

  /** Nobody backs off. */
  public static Adaptive off() {
    return new Adaptive(false, 1.5, 16 << 20);
  }

  /** All back off, by the defaults. */
  public static Adaptive enabled() {
    return off().withOn(true);
  }

  /** The same, switched on or off. */
  public Adaptive withOn(boolean switched) {
    return new Adaptive(switched, slowdown, floor);
  }

  /** The same with another {@link #slowdown}. */
  public Adaptive withSlowdown(double times) {
    return new Adaptive(on, times, floor);
  }

  /** The same with another {@link #floor}. */
  public Adaptive withFloor(long bytesPerSecond) {
    return new Adaptive(on, slowdown, bytesPerSecond);
  }
}
