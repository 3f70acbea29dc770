// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Duration;
import java.util.Objects;

/**
 * How the runs of an engine share what there is. Immutable; {@link #none} and the {@code with}
 * methods make variants. Beside all of them {@link EngineSettings#parallelDisks} and {@link
 * EngineSettings#bytesInFlight} hold.
 *
 * @param disksPerServer the most disks of one server replicated at a time; default no limit
 * @param disksPerPool the most disks of one pool replicated at a time; default no limit
 * @param recoveryPoint how old the point of a disk may get. If it is not zero, disks that wait go
 *     in the order in which they reach that age, and those that are over it take turns by server; a
 *     disk without a point counts from when it began to wait. Default zero: servers take turns
 * @param rate how many bytes a second are read or digested, by all disks together; disks that wait
 *     for it get as much as each other. Default {@link RateLimit#unlimited}
 * @param pausePerMegabyte the pause that each disk makes for every 1,000,000 bytes it reads, beside
 *     the rate; at most a minute, default zero
 */
public record Limits(
    int disksPerServer,
    int disksPerPool,
    Duration recoveryPoint,
    RateLimit rate,
    Duration pausePerMegabyte) {
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Checks ranges: counts are positive, times not negative. */
  public Limits {
    Objects.requireNonNull(recoveryPoint, "recoveryPoint");
    Objects.requireNonNull(rate, "rate");
    if (disksPerServer < 1 || disksPerPool < 1) {
      throw new IllegalArgumentException(
          "a limit is less than 1: disksPerServer "
              + disksPerServer
              + ", disksPerPool "
              + disksPerPool);
    }
    if (recoveryPoint.isNegative()) {
      throw new IllegalArgumentException("recoveryPoint is negative: " + recoveryPoint);
    }
    if (pausePerMegabyte.isNegative() || pausePerMegabyte.compareTo(LONGEST_PAUSE) > 0) {
      throw new IllegalArgumentException(
          "pausePerMegabyte is not from 0 to 1 minute: " + pausePerMegabyte);
    }
  }

  /** No limits. */
  public static Limits none() {
    return new Limits(
        Integer.MAX_VALUE, Integer.MAX_VALUE, Duration.ZERO, RateLimit.unlimited(), Duration.ZERO);
  }

  /** The same with another {@link #disksPerServer}. */
  public Limits withDisksPerServer(int disks) {
    return new Limits(disks, disksPerPool, recoveryPoint, rate, pausePerMegabyte);
  }

  /** The same with another {@link #disksPerPool}. */
  public Limits withDisksPerPool(int disks) {
    return new Limits(disksPerServer, disks, recoveryPoint, rate, pausePerMegabyte);
  }

  /** The same with another {@link #recoveryPoint}. */
  public Limits withRecoveryPoint(Duration age) {
    return new Limits(disksPerServer, disksPerPool, age, rate, pausePerMegabyte);
  }

  /** The same with another {@link #rate}. */
  public Limits withRate(RateLimit bytes) {
    return new Limits(disksPerServer, disksPerPool, recoveryPoint, bytes, pausePerMegabyte);
  }

  /** The same with another {@link #pausePerMegabyte}. */
  public Limits withPausePerMegabyte(Duration pause) {
    return new Limits(disksPerServer, disksPerPool, recoveryPoint, rate, pause);
  }
}
