// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * How the runs of an engine share what there is. Immutable; {@link #none} and the {@code with}
 * methods make variants. Beside all of them {@link EngineSettings#parallelDisks} and {@link
 * EngineSettings#bytesInFlight} hold.
 *
 * <p>A read begins when each of the rates that it comes under allows it: its server's, its pool's
 * and that of all disks. Disks that wait for the same rate get as much as each other, and one that
 * waits for its server's or its pool's keeps no disk of another waiting.
 *
 * @param disksPerServer the most disks of one server replicated at a time; default no limit
 * @param disksPerPool the most disks of one pool replicated at a time; default no limit
 * @param recoveryPoint how old the point of a disk may get. If it is not zero, disks that wait go
 *     in the order in which they reach that age, and those that are over it take turns by server; a
 *     disk without a point counts from when it began to wait. Default zero: servers take turns
 * @param rate how many bytes a second are read or digested, by all disks together. Default {@link
 *     RateLimit#unlimited}
 * @param serverRate the same for each server, by its disks together; an image that was asked for by
 *     itself counts as a server. Default {@link RateLimit#unlimited}
 * @param poolRates the same for pools, by the disks whose images are in them, by the pool's name;
 *     no limit for a pool that is not named. Default empty
 * @param pausePerMegabyte the pause that each disk makes for every 1,000,000 bytes it reads, beside
 *     the rates; at most a minute, default zero
 * @param adaptive whether they back off when others load the cluster; default {@link Adaptive#off}
 */
public record Limits(
    int disksPerServer,
    int disksPerPool,
    Duration recoveryPoint,
    RateLimit rate,
    RateLimit serverRate,
    Map<String, RateLimit> poolRates,
    Duration pausePerMegabyte,
    Adaptive adaptive) {
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Checks ranges: counts are positive, times not negative. Copies the map. */
  public Limits {
    Objects.requireNonNull(recoveryPoint, "recoveryPoint");
    Objects.requireNonNull(rate, "rate");
    Objects.requireNonNull(serverRate, "serverRate");
    Objects.requireNonNull(adaptive, "adaptive");
    poolRates = Map.copyOf(poolRates);
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
    return new Draft().build();
  }

  /** The same with another {@link #disksPerServer}. */
  public Limits withDisksPerServer(int disks) {
    return with(it -> it.disksPerServer = disks);
  }

  /** The same with another {@link #disksPerPool}. */
  public Limits withDisksPerPool(int disks) {
    return with(it -> it.disksPerPool = disks);
  }

  /** The same with another {@link #recoveryPoint}. */
  public Limits withRecoveryPoint(Duration age) {
    return with(it -> it.recoveryPoint = age);
  }

  /** The same with another {@link #rate}. */
  public Limits withRate(RateLimit bytes) {
    return with(it -> it.rate = bytes);
  }

  /** The same with another {@link #serverRate}. */
  public Limits withServerRate(RateLimit bytes) {
    return with(it -> it.serverRate = bytes);
  }

  /** The same with another rate for one pool; see {@link #poolRates}. */
  public Limits withPoolRate(String pool, RateLimit bytes) {
    Map<String, RateLimit> rates = new HashMap<>(poolRates);
    rates.put(pool, bytes);
    return with(it -> it.poolRates = rates);
  }

  /** The same with another {@link #pausePerMegabyte}. */
  public Limits withPausePerMegabyte(Duration pause) {
    return with(it -> it.pausePerMegabyte = pause);
  }

  /** The same with another {@link #adaptive}. */
  public Limits withAdaptive(Adaptive mode) {
    return with(it -> it.adaptive = mode);
  }

  private Limits with(Consumer<Draft> change) {
    Draft draft = new Draft();
    draft.disksPerServer = disksPerServer;
    draft.disksPerPool = disksPerPool;
    draft.recoveryPoint = recoveryPoint;
    draft.rate = rate;
    draft.serverRate = serverRate;
    draft.poolRates = poolRates;
    draft.pausePerMegabyte = pausePerMegabyte;
    draft.adaptive = adaptive;
    change.accept(draft);
    return draft.build();
  }

  /** Limits that can be changed one by one; no limits at first. */
  private static final class Draft {
    int disksPerServer = Integer.MAX_VALUE;
    int disksPerPool = Integer.MAX_VALUE;
    Duration recoveryPoint = Duration.ZERO;
    RateLimit rate = RateLimit.unlimited();
    RateLimit serverRate = RateLimit.unlimited();
    Map<String, RateLimit> poolRates = Map.of();
    Duration pausePerMegabyte = Duration.ZERO;
    Adaptive adaptive = Adaptive.off();

    Limits build() {
      return new Limits(
          disksPerServer,
          disksPerPool,
          recoveryPoint,
          rate,
          serverRate,
          poolRates,
          pausePerMegabyte,
          adaptive);
    }
  }
}
