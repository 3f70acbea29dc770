// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.Lease;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Renews a lease three times within its time until it is closed, and remembers if it was lost. A
 * chain store that does not answer is asked again until the lease's time is over.
 *
 * <p>{@link #check} is for whoever is about to change something that the chain store does not
 * guard: after the lease's time, as when this process stood still, it returns only if the store
 * says that the lease is still ours. Thread-safe.
 */
final class LeaseKeeper implements AutoCloseable {
  private final Lease lease;
  private final long time;
  private final LongSupplier nanoTime;
  private final ScheduledFuture<?> renewal;
  private volatile @Nullable RuntimeException lost;

  /** Until when nobody else can have taken it, on this process's own clock. */
  private volatile long until;

  /** Guarded by this. */
  private boolean closed;

  private LeaseKeeper(
      Lease lease,
      Duration time,
      long taken,
      LongSupplier nanoTime,
      ScheduledExecutorService scheduler) {
    this.lease = lease;
    this.time = time.toNanos();
    this.nanoTime = nanoTime;
    this.until = taken + this.time;
    long period = Math.max(1, time.toMillis() / 3);
    this.renewal =
        scheduler.scheduleWithFixedDelay(this::renewInTime, period, period, TimeUnit.MILLISECONDS);
  }

  /** Takes the lease of a chain and keeps it; throws as {@link ChainStore#acquire}. */
  static LeaseKeeper take(
      ChainStore chains,
      ChainId chain,
      String holder,
      Duration time,
      ScheduledExecutorService scheduler) {
    return take(chains, chain, holder, time, System::nanoTime, scheduler);
  }

  /** The same with a clock of the caller's. */
  static LeaseKeeper take(
      ChainStore chains,
      ChainId chain,
      String holder,
      Duration time,
      LongSupplier nanoTime,
      ScheduledExecutorService scheduler) {
    long taken = nanoTime.getAsLong();
    return new LeaseKeeper(chains.acquire(chain, holder, time), time, taken, nanoTime, scheduler);
  }

  Lease lease() {
    return lease;
  }

  /**
   * Returns if nobody else can hold the lease.
   *
   * @throws ChainBrokenException if another holder has taken it over
   * @throws SyncException if its time is over and the store does not say whether it is still ours
   */
  void check() {
    RuntimeException e = lost;
    if (e != null) {
      throw e;
    }
    if (nanoTime.getAsLong() - until >= 0) {
      renewOverdue();
    }
  }

  @Override
  public void close() {
    renewal.cancel(false);
    // not beside a renewal, which would take again what was given back
    synchronized (this) {
      closed = true;
      lease.close();
    }
  }

  private synchronized void renewOverdue() {
    if (nanoTime.getAsLong() - until < 0) {
      // another thread has just done it
      return;
    }
    try {
      renew();
    } catch (RuntimeException e) {
      lost = e;
      throw e;
    }
  }

  /** What is done by period. */
  synchronized void renewInTime() {
    if (lost == null && !closed) {
      try {
        renew();
      } catch (ChainBrokenException e) {
        lost = e;
      } catch (SyncException e) {
        // the store may answer next time; until the lease's time is over it is ours
        if (nanoTime.getAsLong() - until >= 0) {
          lost = e;
        }
      } catch (RuntimeException e) {
        lost = e;
      }
    }
  }

  private void renew() {
    long asked = nanoTime.getAsLong();
    lease.renew();
    until = asked + time;
  }
}
