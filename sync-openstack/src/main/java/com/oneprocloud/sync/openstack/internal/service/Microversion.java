// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of an API within its major version. 2.100 is later than 2.99.
 *
 * @param major the major version
 * @param minor the minor version
 */
public record Microversion(int major, int minor) implements Comparable<Microversion> {
  private static final Pattern FORM = Pattern.compile("v?(\\d{1,4})\\.(\\d{1,6})");
  private static final Comparator<Microversion> ORDER =
      Comparator.comparingInt(Microversion::major).thenComparingInt(Microversion::minor);

  /** That version. */
  public static Microversion of(int major, int minor) {
    return new Microversion(major, minor);
  }

  /** The version that a text names; empty for an empty text and for none. */
  static Optional<Microversion> parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    return matcher.matches()
        ? Optional.of(
            new Microversion(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  /** Whether it is that version or a later one. */
  public boolean isAtLeast(Microversion other) {
    return compareTo(other) >= 0;
  }

  /** The earlier of the two. */
  Microversion min(Microversion other) {
    return compareTo(other) <= 0 ? this : other;
  }

  @Override
  public int compareTo(Microversion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
