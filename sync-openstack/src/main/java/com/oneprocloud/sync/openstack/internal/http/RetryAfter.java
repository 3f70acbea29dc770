// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The {@code Retry-After} header: seconds, or a date as HTTP writes it. */
final class RetryAfter {
  private RetryAfter() {}

  /**
   * How long to wait.
   *
   * @param header the header's text
   * @param serverDate the {@code Date} header of the same answer: a date is meant on that clock
   * @param now our own clock, for an answer without a {@code Date}
   * @return nothing if there is no header that can be read; zero for a moment that has passed
   */
  static Optional<Duration> parse(
      @Nullable String header, @Nullable String serverDate, Instant now) {
    if (header == null || header.isBlank()) {
      return Optional.empty();
    }
    String text = header.trim();
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // More digits than these are more seconds than anyone waits.
      return Optional.of(
          Duration.ofSeconds(Long.parseLong(text.substring(0, Math.min(9, text.length())))));
    }
    return httpDate(text)
        .map(
            until -> {
              Duration wait = Duration.between(httpDate(serverDate).orElse(now), until);
              return wait.isNegative() ? Duration.ZERO : wait;
            });
  }

  static Optional<Instant> httpDate(@Nullable String text) {
    if (text == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ZonedDateTime.parse(text.trim(), DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }
}
