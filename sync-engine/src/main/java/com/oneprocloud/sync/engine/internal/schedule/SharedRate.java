// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.RateLimit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** A rate that disks have together. Those that wait for it take {@link Turns}. Thread-safe. */
final class SharedRate {
  /** How often who waits looks whether it is over, in nanoseconds. */
  static final long LOOK = 200_000_000;

  private final Time time;
  private final ReentrantLock lock;
  private final Condition changed;

  /** Guarded by the lock. */
  private final TokenBucket bucket;

  /** Guarded by the lock. */
  private final Turns turns = new Turns();

  /** How many disks have a share. Guarded by the lock. */
  private int users;

  SharedRate(RateLimit limit, Time time, ReentrantLock lock) {
    this.time = time;
    this.lock = lock;
    this.changed = lock.newCondition();
    this.bucket = new TokenBucket(limit, time.nanos(), time.now());
  }

  /** Goes by another limit from now on; for the holder of the lock. */
  void limit(RateLimit limit) {
    bucket.limit(limit, time.nanos(), time.now());
    changed.signalAll();
  }

  /** A disk's; for the holder of the lock. */
  Share share() {
    users++;
    return new Share();
  }

  /** Whether a disk may still come; for the holder of the lock. */
  boolean isUsed() {
    return users > 0;
  }

  /** What one disk gets. For one thread. */
  final class Share {
    private final Turns.Turn turn = turns.new Turn();

    private Share() {}

    /**
     * Waits until it is the disk's turn and bytes are left.
     *
     * @param over whether waiting makes no sense any more
     */
    void take(int bytes, BooleanSupplier over) throws InterruptedException {
      lock.lockInterruptibly();
      try {
        turn.asks();
        try {
          while (!over.getAsBoolean()) {
            long wait = LOOK;
            if (turn.isNext()) {
              wait = bucket.take(bytes, time.nanos(), time.now());
              if (wait == 0) {
                turn.served(bytes);
                return;
              }
            }
            time.await(changed, Math.min(wait, LOOK));
          }
        } finally {
          turn.leaves();
          changed.signalAll();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Says that the disk is done; for the holder of the lock. */
    void release() {
      users--;
    }
  }
}
