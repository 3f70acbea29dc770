// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * How many bytes a second may be read, or digested by the storage, by the time of day. Immutable.
 *
 * <pre>{@code
 * RateLimit.unlimited().during(LocalTime.of(8, 0), LocalTime.of(18, 0), ZoneId.of("Europe/Paris"), 50_000_000)
 * }</pre>
 *
 * @param bytesPerSecond the rate outside of all windows; 0 is a pause; at most {@link #FASTEST}, or
 *     {@link #UNLIMITED}
 * @param windows times of day with rates of their own; the first that applies counts
 */
public record RateLimit(long bytesPerSecond, List<Window> windows) {
  /** No limit. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  /** The largest rate that can be held to, in bytes a second. */
  public static final long FASTEST = 64_000_000_000L;

  /** Checks the rate and copies the list. */
  public RateLimit {
    check(bytesPerSecond);
    windows = List.copyOf(windows);
  }

  /**
   * A time of every day, as the clocks of a zone show it.
   *
   * @param from its begin
   * @param to its end, which is not part of it; before {@code from} if it lasts over midnight; not
   *     the same
   * @param zone whose clocks
   * @param bytesPerSecond the rate; 0 is a pause
   */
  public record Window(LocalTime from, LocalTime to, ZoneId zone, long bytesPerSecond) {
    /** Checks the rate, and that it is not empty. */
    public Window {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(to, "to");
      Objects.requireNonNull(zone, "zone");
      check(bytesPerSecond);
      if (from.equals(to)) {
        throw new IllegalArgumentException("a window from " + from + " to " + to);
      }
    }

    private boolean contains(Instant when) {
      LocalTime time = LocalTime.ofInstant(when, zone);
      boolean begun = !time.isBefore(from);
      boolean ended = !time.isBefore(to);
      return from.isBefore(to) ? begun && !ended : begun || !ended;
    }

    /** The first moment after another at which it may begin or end. */
    private Instant nextChange(Instant after) {
      Instant next = Instant.MAX;
      ZoneOffsetTransition clockChange = zone.getRules().nextTransition(after);
      if (clockChange != null) {
        next = clockChange.getInstant();
      }
      LocalDate today = LocalDate.ofInstant(after, zone);
      for (int day = -1; day <= 2; day++) {
        for (LocalTime edge : new LocalTime[] {from, to}) {
          LocalDateTime local = today.plusDays(day).atTime(edge);
          // none where the clocks skip it: then the change of the clocks is the moment
          for (ZoneOffset offset : zone.getRules().getValidOffsets(local)) {
            Instant moment = local.toInstant(offset);
            if (moment.isAfter(after) && moment.isBefore(next)) {
              next = moment;
            }
          }
        }
      }
      return next;
    }
  }

  /** No limit at any time. */
  public static RateLimit unlimited() {
    return of(UNLIMITED);
  }

  /** The same limit at any time, in bytes a second; 0 is a pause. */
  public static RateLimit of(long bytesPerSecond) {
    return new RateLimit(bytesPerSecond, List.of());
  }

  /** The same with a window; those that were added before it count first. */
  public RateLimit during(LocalTime from, LocalTime to, ZoneId zone, long rate) {
    List<Window> more = new ArrayList<>(windows);
    more.add(new Window(from, to, zone, rate));
    return new RateLimit(bytesPerSecond, more);
  }

  /** The rate at a moment. */
  public long at(Instant when) {
    for (Window window : windows) {
      if (window.contains(when)) {
        return window.bytesPerSecond();
      }
    }
    return bytesPerSecond;
  }

  /** The first moment after another at which the rate may change; far away if it never does. */
  public Instant nextChange(Instant after) {
    return windows.stream()
        .map(it -> it.nextChange(after))
        .min(Instant::compareTo)
        .orElse(Instant.MAX);
  }

  private static void check(long rate) {
    if (rate < 0 || (rate > FASTEST && rate != UNLIMITED)) {
      throw new IllegalArgumentException(
          "a rate is 0 to " + FASTEST + " bytes a second, or UNLIMITED: " + rate);
    }
  }
}
