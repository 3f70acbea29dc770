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
 */
public record Limits(int disksPerServer, int disksPerPool, Duration recoveryPoint) {
  /** Checks ranges: counts are positive, times not negative. */
  public Limits {
    Objects.requireNonNull(recoveryPoint, "recoveryPoint");
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
  }

  /** No limits. */
  public static Limits none() {
    return new Limits(Integer.MAX_VALUE, Integer.MAX_VALUE, Duration.ZERO);
  }

  /** The same with another {@link #disksPerServer}. */
  public Limits withDisksPerServer(int disks) {
    return new Limits(disks, disksPerPool, recoveryPoint);
  }

  /** The same with another {@link #disksPerPool}. */
  public Limits withDisksPerPool(int disks) {
    return new Limits(disksPerServer, disks, recoveryPoint);
  }

  /** The same with another {@link #recoveryPoint}. */
  public Limits withRecoveryPoint(Duration age) {
    return new Limits(disksPerServer, disksPerPool, age);
  }
}
