// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.engine.internal.settings.NamedSettings;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.function.Consumer;

/**
 * Limits and habits of an engine. Immutable; {@link #defaults} and the {@code with} methods make
 * variants.
 *
 * @param bytesInFlight memory for data, in bytes, for all disks together; allocated once, outside
 *     the heap; rounded down to whole reads of up to 2 MiB; default 48 MiB. About as much, and 8
 *     MiB, is moved again after a kill. One disk never has all of it: 2 MiB stay free for each of
 *     the others that may be replicated ({@code parallelDisks}), though at most half
 * @param requestsInFlight the most reads and writes under way for one disk; default 32
 * @param parallelDisks the most disks replicated at a time; default 4
 * @param parallelRuns the most runs that go on at a time, those included whose disks wait; 0, the
 *     default, for twice {@code parallelDisks}, so that snapshots and records of some are made
 *     while data of others is moved. Each has its images and replicas open, and leases; see {@link
 *     #runsAtATime}
 * @param workers the most threads that write to one disk's target and compare it; default 4. There
 *     are {@code parallelDisks - 1} more, so that a target that does not answer holds up no other
 * @param flushPeriod how often a target is flushed during a transfer, and so what a power failure
 *     can cost; default 3 s
 * @param leaseTime how long a lease holds when its holder is gone; default 60 s
 * @param verification how far a replica is held against the snapshot before its point is committed;
 *     default CHANGED
 * @param fastDiff whether object maps may tell which objects changed ({@link
 *     com.oneprocloud.sync.api.chain.DiffMethod#FAST}), where everything that can be checked speaks
 *     for them; default false. Maps are kept by the clients that write to the images, and no check
 *     from outside finds a single wrong entry: librbd before 16.2.14, 17.2.7 and 18.2.0 and kernels
 *     before 6.4 leave such entries in snapshots that are taken while a server writes (Ceph tracker
 *     61616, 61472). Switch this on only if every compute node is known to run later ones.
 * @param digests whether blocks are compared by digests that the storage works out where the data
 *     is, so that only those that differ move; default true. Two blocks that differ pass for equal
 *     with a probability of 1 in 2<sup>64</sup>, or if somebody made them so on purpose. Without,
 *     and where the storage cannot, every byte that is compared is read.
 * @param shares with {@link Verification#ROTATING}: each run compares one of so many shares of what
 *     it did not write; default 16
 * @param limits how runs share what there is; default {@link Limits#none}
 */
public record EngineSettings(
    int bytesInFlight,
    int requestsInFlight,
    int parallelDisks,
    int parallelRuns,
    int workers,
    Duration flushPeriod,
    Duration leaseTime,
    Verification verification,
    boolean fastDiff,
    boolean digests,
    int shares,
    Limits limits) {
  /** Checks that every limit is positive. */
  public EngineSettings {
    Objects.requireNonNull(verification, "verification");
    Objects.requireNonNull(limits, "limits");
    if (bytesInFlight < 1 << 20) {
      throw new IllegalArgumentException("bytesInFlight is less than 1 MiB: " + bytesInFlight);
    }
    if (shares < 1) {
      throw new IllegalArgumentException("shares is less than 1: " + shares);
    }
    if (requestsInFlight < 1 || parallelDisks < 1 || workers < 1) {
      throw new IllegalArgumentException(
          "a limit is less than 1: requestsInFlight "
              + requestsInFlight
              + ", parallelDisks "
              + parallelDisks
              + ", workers "
              + workers);
    }
    if (parallelRuns < 0) {
      throw new IllegalArgumentException("parallelRuns is negative: " + parallelRuns);
    }
    if (flushPeriod.isNegative() || leaseTime.isNegative() || leaseTime.isZero()) {
      throw new IllegalArgumentException(
          "flushPeriod " + flushPeriod + ", leaseTime " + leaseTime + ": must not be negative");
    }
  }

  /** The defaults: for a proxy with 4 cores and 8 GB. */
  public static EngineSettings defaults() {
    return new Draft().build();
  }

  /**
   * The defaults, changed by settings as an operator writes them. The names are those of this
   * record and of {@link Limits}; numbers as digits, bytes with or without a unit ({@code 32MiB},
   * {@code 50MB}; rates are bytes a second, and {@code poolRate.NAME} is a pool's), times with one
   * ({@code 500ms}, {@code 3s}, {@code 15m}, {@code 2h}). A rate can be {@code unlimited}, and be
   * followed by windows with a zone and a rate of their own, the first that applies counting:
   * {@code 50MB; 08:00-18:00 Europe/Paris 10MB; 22:00-06:00 UTC unlimited}. Those of {@link
   * Adaptive} are {@code adaptive} (true or false), {@code adaptiveSlowdown} and {@code
   * adaptiveFloor}. These names, with whole numbers, are taken too: {@code
   * parallel_sync_disks_count} for {@link #parallelDisks}, {@code pre_disk_readers_count} (at most
   * 16) for {@link #requestsInFlight}, {@code fsync_period_frequency} in seconds for {@link
   * #flushPeriod}, {@code openstack_release_cpu_time} in milliseconds for {@link
   * Limits#pausePerMegabyte}.
   *
   * @param values values by name; what is not named keeps its default
   * @throws IllegalArgumentException if a name is unknown, a value is malformed or out of range, or
   *     one setting is given twice; the message lists all that is wrong, a line for each
   */
  public static EngineSettings fromProperties(Map<String, String> values) {
    return NamedSettings.read(values);
  }

  /** The same for properties, their defaults included; what is no text counts as its text. */
  public static EngineSettings fromProperties(Properties values) {
    Map<String, String> all = new HashMap<>();
    values.forEach((name, value) -> all.put(name.toString(), value.toString()));
    values.stringPropertyNames().forEach(name -> all.put(name, values.getProperty(name)));
    return fromProperties(all);
  }

  /** What {@link #parallelRuns} comes to: the most runs that go on at a time. */
  public int runsAtATime() {
    return parallelRuns == 0 ? Math.multiplyExact(2, parallelDisks) : parallelRuns;
  }

  /** The same with another {@link #bytesInFlight}. */
  public EngineSettings withBytesInFlight(int bytes) {
    return with(it -> it.bytesInFlight = bytes);
  }

  /** The same with another {@link #requestsInFlight}. */
  public EngineSettings withRequestsInFlight(int requests) {
    return with(it -> it.requestsInFlight = requests);
  }

  /** The same with another {@link #parallelDisks}. */
  public EngineSettings withParallelDisks(int disks) {
    return with(it -> it.parallelDisks = disks);
  }

  /** The same with another {@link #parallelRuns}. */
  public EngineSettings withParallelRuns(int runs) {
    return with(it -> it.parallelRuns = runs);
  }

  /** The same with another number of {@link #workers}. */
  public EngineSettings withWorkers(int threads) {
    return with(it -> it.workers = threads);
  }

  /** The same with another {@link #flushPeriod}. */
  public EngineSettings withFlushPeriod(Duration period) {
    return with(it -> it.flushPeriod = period);
  }

  /** The same with another {@link #leaseTime}. */
  public EngineSettings withLeaseTime(Duration time) {
    return with(it -> it.leaseTime = time);
  }

  /** The same with another {@link #verification}. */
  public EngineSettings withVerification(Verification level) {
    return with(it -> it.verification = level);
  }

  /** The same with another {@link #fastDiff}. */
  public EngineSettings withFastDiff(boolean allowed) {
    return with(it -> it.fastDiff = allowed);
  }

  /** The same with another {@link #digests}. */
  public EngineSettings withDigests(boolean allowed) {
    return with(it -> it.digests = allowed);
  }

  /** The same with another number of {@link #shares}. */
  public EngineSettings withShares(int number) {
    return with(it -> it.shares = number);
  }

  /** The same with other {@link #limits}. */
  public EngineSettings withLimits(Limits shared) {
    return with(it -> it.limits = shared);
  }

  private EngineSettings with(Consumer<Draft> change) {
    Draft draft = new Draft();
    draft.bytesInFlight = bytesInFlight;
    draft.requestsInFlight = requestsInFlight;
    draft.parallelDisks = parallelDisks;
    draft.parallelRuns = parallelRuns;
    draft.workers = workers;
    draft.flushPeriod = flushPeriod;
    draft.leaseTime = leaseTime;
    draft.verification = verification;
    draft.fastDiff = fastDiff;
    draft.digests = digests;
    draft.shares = shares;
    draft.limits = limits;
    change.accept(draft);
    return draft.build();
  }

  /** Settings in the making; begins with the defaults. */
  private static final class Draft {
    private int bytesInFlight = 48 << 20;
    private int requestsInFlight = 32;
    private int parallelDisks = 4;
    private int parallelRuns;
    private int workers = 4;
    private Duration flushPeriod = Duration.ofSeconds(3);
    private Duration leaseTime = Duration.ofSeconds(60);
    private Verification verification = Verification.CHANGED;
    private boolean fastDiff;
    private boolean digests = true;
    private int shares = 16;
    private Limits limits = Limits.none();

    EngineSettings build() {
      return new EngineSettings(
          bytesInFlight,
          requestsInFlight,
          parallelDisks,
          parallelRuns,
          workers,
          flushPeriod,
          leaseTime,
          verification,
          fastDiff,
          digests,
          shares,
          limits);
    }
  }
}
