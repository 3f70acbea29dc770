// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import java.util.Locale;

/** Prints numbers of bytes for people, in binary units. */
public final class Bytes {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Bytes() {}

  /**
   * A number of bytes with a unit and up to one decimal place: {@code "4 MiB"}, {@code "1.5 GiB"}.
   *
   * @param bytes the number; not negative
   */
  public static String text(long bytes) {
    int unit = 0;
    double value = bytes;
    while (value >= 1024 && unit < UNITS.length - 1) {
      value /= 1024;
      unit++;
    }
    String number = String.format(Locale.ROOT, "%.1f", value);
    return (number.endsWith(".0") ? number.substring(0, number.length() - 2) : number)
        + " "
        + UNITS[unit];
  }
}
