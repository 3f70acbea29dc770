// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.RateLimit;
import java.time.Duration;
import java.time.Instant;

/**
 * Bytes that may be read by a {@link RateLimit}: at most a tenth of a second's are saved up. A read
 * may begin when anything is left, and what it takes beyond that is made up for by those after it,
 * so that a read larger than the bucket is not shut out. Exact to the byte and nanosecond. Not
 * thread-safe.
 */
final class TokenBucket {
  private static final long NANOS = 1_000_000_000;

  /** For how many nanoseconds bytes are saved up. */
  private static final long SAVED = NANOS / 10;

  /** How long the wall's clock is trusted to go as fast as ours. */
  private static final long TRUSTED = 60 * NANOS;

  private RateLimit limit;
  private long rate;

  /** What is left, in bytes times nanoseconds a second. */
  private long balance;

  /** Until when it was counted. */
  private long counted;

  /** When the rate changes. */
  private long changes;

  /** The same on the wall. */
  private Instant changesAt;

  /** When the wall was looked at. */
  private long looked;

  TokenBucket(RateLimit limit, long nanos, Instant now) {
    this.limit = limit;
    this.counted = nanos;
    this.changesAt = now;
    look(nanos, now);
  }

  /**
   * Takes bytes, if any are left.
   *
   * @return 0 if they were taken; else after how many nanoseconds to ask again, at the latest a
   *     minute
   */
  long take(long bytes, long nanos, Instant now) {
    while (nanos - changes >= 0) {
      count(changes);
      look(changes, changesAt);
    }
    count(nanos);
    if (!limit.windows().isEmpty() && nanos - looked >= TRUSTED) {
      look(nanos, now);
    }
    if (rate == RateLimit.UNLIMITED) {
      return 0;
    }
    if (balance > 0) {
      balance -= bytes * NANOS;
      return 0;
    }
    long wait = Math.min(TRUSTED, changes - nanos);
    return rate == 0 ? wait : Math.min(wait, (rate - balance) / rate);
  }

  /** Goes by another limit from now on; what is left, or owed, stays. */
  void limit(RateLimit next, long nanos, Instant now) {
    count(nanos);
    limit = next;
    look(nanos, now);
  }

  private void count(long until) {
    long passed = until - counted;
    counted = until;
    if (rate == 0 || rate == RateLimit.UNLIMITED || passed <= 0) {
      return;
    }
    long most = rate * SAVED;
    // in this order, so that nothing overflows
    balance = passed >= (most - balance) / rate + 1 ? most : balance + rate * passed;
  }

  private void look(long nanos, Instant now) {
    rate = limit.at(now);
    changesAt = limit.nextChange(now);
    // a century is as good as never, and can be told in nanoseconds
    Duration left =
        changesAt.equals(Instant.MAX) ? Duration.ofDays(36_500) : Duration.between(now, changesAt);
    changes = nanos + left.toNanos();
    looked = nanos;
    long most = rate == RateLimit.UNLIMITED ? 0 : rate * SAVED;
    balance = rate == RateLimit.UNLIMITED ? 0 : Math.min(balance, most);
  }
}
