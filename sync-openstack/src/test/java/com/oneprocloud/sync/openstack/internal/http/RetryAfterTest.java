// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RetryAfterTest {
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @Test
  void readsSecondsAndDates() {
    assertEquals(Optional.of(Duration.ofSeconds(7)), RetryAfter.parse(" 7 ", null, NOW));
    assertEquals(Optional.of(Duration.ZERO), RetryAfter.parse("0", null, NOW));
    assertEquals(
        Optional.of(Duration.ofSeconds(30)),
        RetryAfter.parse("Sun, 01 Mar 2026 12:00:30 GMT", null, NOW));
    assertEquals(
        Optional.of(Duration.ZERO), RetryAfter.parse("Sun, 01 Mar 2026 11:00:00 GMT", null, NOW));
    assertEquals(Optional.empty(), RetryAfter.parse("soon", null, NOW));
    assertEquals(Optional.empty(), RetryAfter.parse(null, null, NOW));
    assertTrue(RetryAfter.parse("9".repeat(40), null, NOW).isPresent());
  }

  @Test
  void measuresADateOnTheServersClock() {
    assertEquals(
        Optional.of(Duration.ofSeconds(5)),
        RetryAfter.parse("Sun, 01 Mar 2026 15:00:05 GMT", "Sun, 01 Mar 2026 15:00:00 GMT", NOW));
  }

  @Test
  void pausesNoEarlierThanAskedAndNotForEver() {
    Backoff backoff = new Backoff(new Random(1));
    for (int i = 0; i < 100; i++) {
      Duration asked = backoff.pause(1, Optional.of(Duration.ofSeconds(3)));
      assertTrue(asked.compareTo(Duration.ofSeconds(3)) >= 0, asked.toString());
      assertTrue(asked.compareTo(Duration.ofMillis(3300)) <= 0, asked.toString());
      Duration capped = backoff.pause(1, Optional.of(Duration.ofDays(2)));
      assertTrue(capped.compareTo(Backoff.CAP.multipliedBy(11).dividedBy(10)) <= 0);
      Duration own = backoff.pause(3, Optional.empty());
      assertTrue(own.compareTo(Duration.ofSeconds(1)) >= 0, own.toString());
      assertTrue(own.compareTo(Duration.ofSeconds(2)) <= 0, own.toString());
      Duration late = backoff.pause(200, Optional.of(Duration.ZERO));
      assertTrue(late.compareTo(Duration.ofSeconds(15)) >= 0, late.toString());
      assertTrue(late.compareTo(Duration.ofSeconds(30)) <= 0, late.toString());
    }
  }
}
