// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * When reads may begin, by the rate that all disks have together and by the pause that each makes.
 *
 * <p>Disks that wait for the rate go so that each gets as many bytes as every other, whatever the
 * size of its reads (start-time fair queueing): over any time in which two wait for their next read
 * whenever they have got one, their bytes differ by at most the largest read of each. No credit is
 * saved up while a disk does not ask. Without a rate and a pause this costs nothing. Thread-safe.
 */
public final class Pace {
  /** How often who waits looks whether it is over, in nanoseconds. */
  private static final long LOOK = 200_000_000;

  private static final long MEGABYTE = 1_000_000;

  /** A shorter pause is not made before it has grown; in nanoseconds. */
  private static final long SHORTEST_PAUSE = 1_000_000;

  private final Time time;
  private final long pausePerMegabyte;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  /** Guarded by the lock. */
  private final @Nullable TokenBucket bucket;

  /** In the order in which they came. Guarded by the lock. */
  private final List<Disk> waiting = new ArrayList<>();

  /** The place, in bytes, of what began last. Guarded by the lock. */
  private long begun;

  /** The pace of an engine. */
  public Pace(Limits limits) {
    this(limits, Time.SYSTEM);
  }

  Pace(Limits limits, Time time) {
    this.time = time;
    this.pausePerMegabyte = limits.pausePerMegabyte().toNanos();
    this.bucket =
        limits.rate().equals(RateLimit.unlimited())
            ? null
            : new TokenBucket(limits.rate(), time.nanos(), time.now());
  }

  /** One disk's way through this. */
  public Disk disk() {
    return new Disk();
  }

  /** How many disks wait for the rate; for the holder of the lock, as {@link Time} is. */
  int waitingNow() {
    return waiting.size();
  }

  private Disk first() {
    Disk first = waiting.get(0);
    for (Disk disk : waiting) {
      if (disk.place < first.place) {
        first = disk;
      }
    }
    return first;
  }

  /** A disk that reads. For one thread. */
  public final class Disk {
    /** Where its next read stands. Guarded by the lock. */
    private long place;

    /** How long the pause is that it has to make. */
    private long owed;

    private Disk() {}

    /**
     * Waits until a read may begin.
     *
     * @param bytes how many it reads
     * @param over whether waiting makes no sense any more; looked at several times a second
     * @throws InterruptedException if the thread was interrupted
     */
    public void before(int bytes, BooleanSupplier over) throws InterruptedException {
      if (owed >= SHORTEST_PAUSE) {
        pause(over);
      }
      owed += bytes * pausePerMegabyte / MEGABYTE;
      TokenBucket tokens = bucket;
      if (tokens != null) {
        take(tokens, bytes, over);
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
          time.await(nobody, Math.min(left, LOOK));
          left = end - time.nanos();
        }
      } finally {
        lock.unlock();
      }
    }

    private void take(TokenBucket tokens, int bytes, BooleanSupplier over)
        throws InterruptedException {
      lock.lockInterruptibly();
      try {
        place = Math.max(place, begun);
        waiting.add(this);
        try {
          while (!over.getAsBoolean()) {
            long wait = LOOK;
            if (first() == this) {
              wait = tokens.take(bytes, time.nanos(), time.now());
              if (wait == 0) {
                begun = place;
                place += bytes;
                return;
              }
            }
            time.await(changed, Math.min(wait, LOOK));
          }
        } finally {
          waiting.remove(this);
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
