// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.time.Duration;

/** The moment until which a call may take, and what was allowed at its start. */
public final class Deadline {
  private final Ticker ticker;
  private final Duration allowed;
  private final long end;

  private Deadline(Ticker ticker, Duration allowed) {
    this.ticker = ticker;
    this.allowed = allowed;
    this.end = ticker.nanos() + allowed.toNanos();
  }

  /** A deadline that long from now. */
  public static Deadline in(Duration allowed, Ticker ticker) {
    return new Deadline(ticker, allowed);
  }

  /** What is left; negative once it has passed. */
  public Duration left() {
    return Duration.ofNanos(end - ticker.nanos());
  }

  /** Whether it has passed. */
  public boolean hasPassed() {
    return end - ticker.nanos() <= 0;
  }

  /** What was allowed at the start. */
  public Duration allowed() {
    return allowed;
  }

  /** Waits, but not beyond the deadline. */
  public void sleep(Duration pause) throws InterruptedException {
    Duration left = left();
    if (!left.isNegative()) {
      ticker.sleep(pause.compareTo(left) < 0 ? pause : left);
    }
  }
}
