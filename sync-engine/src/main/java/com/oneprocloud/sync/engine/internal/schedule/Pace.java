// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When reads may begin, by the rates that disks have together and by the pause that each makes.
 *
 * <p>A read waits for its server's rate, then for its pool's, then for that of all disks: it stands
 * in one line at a time, so one that is held back by its pool keeps nobody of another waiting, and
 * it gets to the front of each line in the end. What waits in a later line has been counted in the
 * ones before: these rates are held to within one read of each of their disks. Without a rate, a
 * pause and adaptive mode this costs nothing. Thread-safe.
 */
public final class Pace {
  private static final long MEGABYTE = 1_000_000;

  /** A shorter pause is not made before it has grown; in nanoseconds. */
  private static final long SHORTEST_PAUSE = 1_000_000;

  private final Time time;
  private final long pausePerMegabyte;
  private final RateLimit serverRate;
  private final ReentrantLock lock = new ReentrantLock();
  private final @Nullable SharedRate all;
  private final Map<String, SharedRate> pools = new HashMap<>();
  private final Adaptive adaptive;

  /**
   * In adaptive mode, of pools that have had disks: what they have learnt is kept. Guarded by the
   * lock.
   */
  private final Map<String, AdaptiveRate> adaptiveRates = new TreeMap<>();

  /** Of servers that have disks now. Guarded by the lock. */
  private final Map<String, SharedRate> servers = new HashMap<>();

  /** The pace of an engine. */
  public Pace(Limits limits) {
    this(limits, Time.SYSTEM);
  }

  Pace(Limits limits, Time time) {
    this.time = time;
    this.pausePerMegabyte = limits.pausePerMegabyte().toNanos();
    this.serverRate = limits.serverRate();
    this.adaptive = limits.adaptive();
    this.all = limited(limits.rate()) ? shared(limits.rate()) : null;
    limits
        .poolRates()
        .forEach(
            (pool, rate) -> {
              if (limited(rate)) {
                pools.put(pool, shared(rate));
              }
            });
  }

  private static boolean limited(RateLimit rate) {
    return !rate.equals(RateLimit.unlimited());
  }

  private SharedRate shared(RateLimit rate) {
    return new SharedRate(rate, time, lock);
  }

  /** A way through nothing that holds back. */
  public static Disk unlimited() {
    return new Pace(Limits.none()).disk(new Lane("", ""));
  }

  /**
   * One disk's way through this, to be closed when the disk is done with.
   *
   * @param lane what it has rates in common with
   */
  public Disk disk(Lane lane) {
    lock.lock();
    try {
      AdaptiveRate mine =
          adaptive.on()
              ? adaptiveRates.computeIfAbsent(
                  lane.pool(), it -> new AdaptiveRate(adaptive, time, lock))
              : null;
      return new Disk(lane.server(), shares(lane, mine), mine);
    } finally {
      lock.unlock();
    }
  }

  /** The rates of a lane, in the order in which they are waited for. */
  private List<SharedRate.Share> shares(Lane lane, @Nullable AdaptiveRate mine) {
    List<SharedRate.Share> shares = new ArrayList<>();
    if (limited(serverRate)) {
      shares.add(servers.computeIfAbsent(lane.server(), it -> shared(serverRate)).share());
    }
    SharedRate pool = pools.get(lane.pool());
    if (pool != null) {
      shares.add(pool.share());
    }
    if (mine != null) {
      shares.add(mine.share());
    }
    if (all != null) {
      shares.add(all.share());
    }
    return shares;
  }

  /** What adaptive mode allows each pool that has had disks now, in bytes a second. */
  public Map<String, Long> allowed() {
    lock.lock();
    try {
      Map<String, Long> allowed = new TreeMap<>();
      adaptiveRates.forEach((pool, rate) -> allowed.put(pool, rate.rate()));
      return allowed;
    } finally {
      lock.unlock();
    }
  }

  /** How many servers have rates of their own now. */
  int serversNow() {
    lock.lock();
    try {
      return servers.size();
    } finally {
      lock.unlock();
    }
  }

  /** A small read of the source by which adaptive mode learns how long one takes. */
  @FunctionalInterface
  public interface Probe {
    /**
     * Reads, and waits until it is done.
     *
     * @throws InterruptedException if the thread was interrupted; nothing is under way then
     */
    void read() throws InterruptedException;
  }

  /** A disk that reads. For one thread, but for {@link #ends}. */
  public final class Disk implements AutoCloseable {
    private final String server;
    private final List<SharedRate.Share> shares;
    private final @Nullable AdaptiveRate adaptiveRate;
    private boolean closed;

    /** How long the pause is that it has to make. */
    private long owed;

    private Disk(
        String server, List<SharedRate.Share> shares, @Nullable AdaptiveRate adaptiveRate) {
      this.server = server;
      this.shares = shares;
      this.adaptiveRate = adaptiveRate;
    }

    /**
     * Waits until a read or a digest may begin.
     *
     * @param bytes how many it is of
     * @param probe called in adaptive mode only, some times in a row when a look is due; what it
     *     throws is thrown
     * @param over whether waiting makes no sense any more; looked at several times a second
     * @throws InterruptedException if the thread was interrupted
     */
    public void before(int bytes, Probe probe, BooleanSupplier over) throws InterruptedException {
      if (owed >= SHORTEST_PAUSE) {
        pause(over);
      }
      owed += bytes * pausePerMegabyte / MEGABYTE;
      for (int i = 0; i < shares.size(); i++) {
        shares.get(i).take(bytes, over);
      }
      if (adaptiveRate != null) {
        adaptiveRate.before(probe, over);
      }
    }

    /**
     * Says that a read or a digest begins, so that no look takes its time for others'. A digest's
     * own time tells nothing: it depends on what is left in the objects.
     *
     * @param bytes how many it is of
     */
    public void begins(int bytes) {
      if (adaptiveRate != null) {
        adaptiveRate.begins(bytes);
      }
    }

    /** Says that one that began is over, well or not. Thread-safe. */
    public void ends() {
      if (adaptiveRate != null) {
        adaptiveRate.ends();
      }
    }

    private void pause(BooleanSupplier over) throws InterruptedException {
      Condition nobody = lock.newCondition();
      long end = time.nanos() + owed;
      owed = 0;
      lock.lockInterruptibly();
      try {
        long left = end - time.nanos();
        while (left > 0 && !over.getAsBoolean()) {
          time.await(nobody, Math.min(left, SharedRate.LOOK));
          left = end - time.nanos();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (closed) {
          return;
        }
        closed = true;
        shares.forEach(SharedRate.Share::release);
        servers.computeIfPresent(server, (name, rate) -> rate.isUsed() ? rate : null);
      } finally {
        lock.unlock();
      }
    }
  }
}
