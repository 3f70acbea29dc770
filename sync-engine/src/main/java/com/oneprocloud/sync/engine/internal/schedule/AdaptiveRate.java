// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Adaptive;
import com.oneprocloud.sync.engine.RateLimit;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * A pool's rate in adaptive mode, and the looks by which it goes. During a look no read of the pool
 * is let through; it is made by the disk that comes first when it is due. Thread-safe.
 */
final class AdaptiveRate {
  /** The least time between looks, in nanoseconds. */
  static final long INTERVAL = 500_000_000;

  /** How many reads of a look count; the one before them, which wakes up what sleeps, does not. */
  static final int READS = 8;

  /** The reads of a look take at most one in so many parts of the time. */
  private static final int PART = 20;

  /** So does all of it, with what runs out before: then the cluster is still at work for us. */
  private static final int WHOLE_PART = 5;

  /** How long a look waits for what is under way, in nanoseconds. */
  private static final long DRAIN = 500_000_000;

  private final Time time;
  private final ReentrantLock lock;
  private final Condition changed;
  private final SharedRate shared;
  private final Adaptation adaptation;

  /** Reads and digests of the pool under way. */
  private final AtomicInteger underWay = new AtomicInteger();

  /** How many have begun. */
  private final AtomicLong begun = new AtomicLong();

  private final AtomicLong bytes = new AtomicLong();
  private volatile boolean looking;
  private volatile long due;

  /** When the last look was over, and the bytes until then; of the disk that looks. */
  private long counted;

  private long countedBytes;

  AdaptiveRate(Adaptive settings, Time time, ReentrantLock lock) {
    this.time = time;
    this.lock = lock;
    this.changed = lock.newCondition();
    this.due = time.nanos();
    this.counted = due;
    this.adaptation = new Adaptation(settings, due);
    this.shared = new SharedRate(RateLimit.of(adaptation.rate()), time, lock);
  }

  /** A disk's share of the rate; for the holder of the lock. */
  SharedRate.Share share() {
    return shared.share();
  }

  /** Bytes a second that are allowed now; for the holder of the lock. */
  long rate() {
    return adaptation.rate();
  }

  /** Says that a read or a digest begins. */
  void begins(int length) {
    underWay.incrementAndGet();
    begun.incrementAndGet();
    bytes.addAndGet(length);
  }

  /** Says that one is over. */
  void ends() {
    if (underWay.decrementAndGet() == 0 && looking) {
      signal();
    }
  }

  /** Waits while another disk looks; looks if it is due. */
  void before(Pace.Probe probe, BooleanSupplier over) throws InterruptedException {
    if (looking) {
      await(() -> !looking || over.getAsBoolean(), Long.MAX_VALUE);
    }
    if (time.nanos() - due >= 0 && !over.getAsBoolean() && claim()) {
      try {
        look(probe, over);
      } finally {
        lookIsOver();
      }
    }
  }

  private boolean claim() {
    lock.lock();
    try {
      boolean mine = !looking && time.nanos() - due >= 0;
      if (mine) {
        looking = true;
      }
      return mine;
    } finally {
      lock.unlock();
    }
  }

  private void look(Pace.Probe probe, BooleanSupplier over) throws InterruptedException {
    long start = time.nanos();
    double used = (bytes.get() - countedBytes) * 1e9 / Math.max(1, start - counted);
    long took = -1;
    long drained = start;
    if (await(() -> underWay.get() == 0 || over.getAsBoolean(), DRAIN)) {
      drained = time.nanos();
      took = measure(probe, over);
    }
    lock.lock();
    try {
      long now = time.nanos();
      if (took < 0) {
        due = now + INTERVAL / 4;
        return;
      }
      adaptation.look(took, used, now);
      shared.limit(RateLimit.of(adaptation.rate()));
      counted = now;
      countedBytes = bytes.get();
      due = now + Math.max(INTERVAL, Math.max(PART * (now - drained), WHOLE_PART * (now - start)));
    } finally {
      lock.unlock();
    }
  }

  /**
   * What a read takes, but for the fastest and the slowest of them; negative if too many of ours
   * came in between.
   */
  private long measure(Pace.Probe probe, BooleanSupplier over) throws InterruptedException {
    long[] times = new long[READS];
    int count = 0;
    for (int i = 0; i <= READS && !over.getAsBoolean(); i++) {
      long before = begun.get();
      boolean alone = underWay.get() == 0;
      long began = time.nanos();
      probe.read();
      long took = time.nanos() - began;
      if (alone && begun.get() == before) {
        if (adaptation.isFarTooSlow(took)) {
          return took;
        }
        if (i > 0) {
          times[count++] = took;
        }
      }
    }
    if (count < READS / 2) {
      return -1;
    }
    Arrays.sort(times, 0, count);
    return Arrays.stream(times, 1, count - 1).sum() / (count - 2);
  }

  /** Waits for something; whether it came. */
  private boolean await(BooleanSupplier event, long most) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long start = time.nanos();
      while (!event.getAsBoolean()) {
        long left = most - (time.nanos() - start);
        if (left <= 0) {
          return false;
        }
        time.await(changed, Math.min(left, SharedRate.LOOK));
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void lookIsOver() {
    lock.lock();
    try {
      looking = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void signal() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
