// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.chain.Lease;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Renews a lease three times within its time until it is closed, and remembers if it was lost.
 * Thread-safe.
 */
final class LeaseKeeper implements AutoCloseable {
  private final Lease lease;
  private final ScheduledFuture<?> renewal;
  private volatile @Nullable RuntimeException lost;

  /** Guarded by this. */
  private boolean closed;

  LeaseKeeper(Lease lease, Duration time, ScheduledExecutorService scheduler) {
    this.lease = lease;
    long period = Math.max(1, time.toMillis() / 3);
    this.renewal =
        scheduler.scheduleWithFixedDelay(this::renew, period, period, TimeUnit.MILLISECONDS);
  }

  Lease lease() {
    return lease;
  }

  /** Throws what the renewal threw, if it did. */
  void check() {
    RuntimeException e = lost;
    if (e != null) {
      throw e;
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

  private synchronized void renew() {
    if (lost == null && !closed) {
      try {
        lease.renew();
      } catch (RuntimeException e) {
        lost = e;
      }
    }
  }
}
