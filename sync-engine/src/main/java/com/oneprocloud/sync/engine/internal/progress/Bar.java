// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.progress;

/** Draws a part of a whole as a bar, to an eighth of a character where blocks are shown. */
final class Bar {
  static final char FULL = '█';

  private static final String EIGHTHS = " ▏▎▍▌▋▊▉";

  private Bar() {}

  /**
   * A bar.
   *
   * @param fraction 0 to 1; what lies outside counts as the nearer end
   * @param width its characters
   * @param blocks whether to use block characters, else ASCII
   */
  static String of(double fraction, int width, boolean blocks) {
    // also for NaN
    double part = fraction > 0 ? Math.min(fraction, 1) : 0;
    int eighths = (int) Math.floor(part * width * 8);
    int full = eighths / 8;
    StringBuilder bar = new StringBuilder(width);
    bar.append(String.valueOf(blocks ? FULL : '#').repeat(full));
    if (full < width) {
      bar.append(blocks ? EIGHTHS.charAt(eighths % 8) : '.');
    }
    while (bar.length() < width) {
      bar.append(blocks ? ' ' : '.');
    }
    return bar.toString();
  }
}
