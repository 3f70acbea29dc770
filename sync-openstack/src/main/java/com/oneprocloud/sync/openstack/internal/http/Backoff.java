// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long to pause before the next attempt: what the service asked for, within reason, or a
 * doubling pause with jitter, so that many clients do not come back at once.
 */
final class Backoff {
  private static final Duration FIRST = Duration.ofMillis(500);
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** The longest pause that a service can make us take. */
  static final Duration CAP = Duration.ofSeconds(60);

  private final RandomGenerator random;

  Backoff(RandomGenerator random) {
    this.random = random;
  }

  /**
   * The pause.
   *
   * @param failures how many attempts have failed, at least 1
   * @param asked what the service asked for
   */
  Duration pause(int failures, Optional<Duration> asked) {
    Duration doubled = FIRST.multipliedBy(1L << Math.min(failures - 1, 10));
    Duration full = doubled.compareTo(LONGEST) < 0 ? doubled : LONGEST;
    Duration jittered =
        full.dividedBy(2).plusNanos((long) (random.nextDouble() * full.dividedBy(2).toNanos()));
    if (asked.isPresent() && !asked.get().isZero()) {
      Duration wanted = asked.get().compareTo(CAP) < 0 ? asked.get() : CAP;
      // Never earlier than asked, and spread over the tenth part behind it.
      return wanted.plusNanos((long) (random.nextDouble() * wanted.dividedBy(10).toNanos()));
    }
    return jittered;
  }
}
