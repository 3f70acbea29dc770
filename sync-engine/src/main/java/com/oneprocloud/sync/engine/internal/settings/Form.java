// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.settings;

import com.oneprocloud.sync.engine.RateLimit;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How a value is written.
 *
 * @param words what is expected, for people
 * @param parser reads it; empty if it is not of this form
 */
record Form<T>(String words, Function<String, Optional<T>> parser) {
  private static final Pattern WITH_UNIT = Pattern.compile("(\\d{1,12}) ?([A-Za-z]*)");

  private static final Map<String, Long> SIZES =
      Map.of(
          "", 1L,
          "b", 1L,
          "kb", 1_000L,
          "mb", 1_000_000L,
          "gb", 1_000_000_000L,
          "kib", 1L << 10,
          "mib", 1L << 20,
          "gib", 1L << 30);

  private static final Map<String, Long> MILLIS =
      Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);

  /** A time of day with a rate of its own; the zone's name may be any that Java knows. */
  private static final Pattern WINDOW =
      Pattern.compile("(\\d\\d:\\d\\d) ?- ?(\\d\\d:\\d\\d) (\\S+) (.+)");

  /** Reads a value; empty if it is not of this form. */
  Optional<T> read(String text) {
    return parser.apply(text.strip());
  }

  /** A whole number. */
  static Form<Integer> number(int least, int most) {
    return new Form<>(
        "a whole number from " + least + " to " + most,
        text -> within(text, Map.of("", 1L), least, most).map(Long::intValue));
  }

  /** A number of bytes. */
  static Form<Long> size(long least, long most, String range) {
    return new Form<>(
        "bytes, such as 32MiB or 50MB, " + range, text -> within(text, SIZES, least, most));
  }

  /** Bytes a second, with times of day that have rates of their own. */
  static Form<RateLimit> rate() {
    return new Form<>(
        "bytes a second, such as 50MB, at most 64GB, 0 for a pause, or unlimited; with times of day"
            + " that differ after it, such as: 50MB; 08:00-18:00 Europe/Paris 10MB",
        text -> {
          String[] parts = text.split(";", -1);
          Optional<RateLimit> limit = bytesPerSecond(parts[0]).map(RateLimit::of);
          for (int i = 1; i < parts.length; i++) {
            String window = parts[i].strip();
            limit = limit.flatMap(it -> during(it, window));
          }
          return limit;
        });
  }

  private static Optional<RateLimit> during(RateLimit limit, String text) {
    Matcher parts = WINDOW.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    try {
      LocalTime from = LocalTime.parse(parts.group(1));
      LocalTime to = LocalTime.parse(parts.group(2));
      ZoneId zone = ZoneId.of(parts.group(3));
      return from.equals(to)
          ? Optional.empty()
          : bytesPerSecond(parts.group(4)).map(rate -> limit.during(from, to, zone, rate));
    } catch (DateTimeException e) {
      return Optional.empty();
    }
  }

  private static Optional<Long> bytesPerSecond(String text) {
    String rate = text.strip();
    return rate.equalsIgnoreCase("unlimited")
        ? Optional.of(RateLimit.UNLIMITED)
        : within(rate, SIZES, 0, RateLimit.FASTEST);
  }

  /** A time with its unit. */
  static Form<Duration> time(Duration least, Duration most, String range) {
    return new Form<>(
        "a time with its unit, such as 500ms, 3s, 15m or 2h, " + range,
        text -> within(text, MILLIS, least.toMillis(), most.toMillis()).map(Duration::ofMillis));
  }

  /** A number of some unit of time. */
  static Form<Duration> time(String units, Duration unit, int most) {
    return new Form<>(
        "a whole number of " + units + " from 0 to " + most,
        text -> within(text, Map.of("", 1L), 0, most).map(unit::multipliedBy));
  }

  /** How many times as long something may take. */
  static Form<Double> times() {
    return new Form<>(
        "a number from 1.1 to 100, such as 1.5",
        text ->
            text.matches("\\d{1,3}(\\.\\d{1,6})?")
                ? Optional.of(Double.valueOf(text)).filter(it -> it >= 1.1 && it <= 100)
                : Optional.empty());
  }

  /** Yes or no. */
  static Form<Boolean> flag() {
    return new Form<>(
        "true or false",
        text ->
            text.matches("(?i)true|false")
                ? Optional.of(Boolean.valueOf(text.toLowerCase(Locale.ROOT)))
                : Optional.empty());
  }

  /** One of some words. */
  static <E extends Enum<E>> Form<E> word(Class<E> words) {
    List<E> all = Arrays.asList(words.getEnumConstants());
    return new Form<>(
        "one of " + all.stream().map(Enum::name).collect(Collectors.joining(", ")),
        text -> all.stream().filter(it -> it.name().equalsIgnoreCase(text)).findFirst());
  }

  private static Optional<Long> within(
      String text, Map<String, Long> units, long least, long most) {
    Matcher parts = WITH_UNIT.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    Long unit = units.get(parts.group(2).toLowerCase(Locale.ROOT));
    if (unit == null) {
      return Optional.empty();
    }
    BigDecimal value = new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(unit));
    return value.compareTo(BigDecimal.valueOf(least)) >= 0
            && value.compareTo(BigDecimal.valueOf(most)) <= 0
        ? Optional.of(value.longValueExact())
        : Optional.empty();
  }
}
