// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.figures;

/** How fast a value grows, the last seconds counting most. Not thread-safe. */
final class Rate {
  private final double seconds;
  private long value;
  private long at;
  private double perSecond = Double.NaN;

  /**
   * A rate.
   *
   * @param seconds after how long a change of speed shows by two thirds
   * @param value where the value is
   * @param now the time in nanoseconds
   */
  Rate(double seconds, long value, long now) {
    this.seconds = seconds;
    this.value = value;
    this.at = now;
  }

  /** Takes note of a value. */
  void update(long newValue, long now) {
    if (now > at) {
      perSecond = after(newValue, now);
      value = newValue;
      at = now;
    }
  }

  /** Units a second, as if the value had stayed what it was until now; 0 before there is any. */
  double perSecond(long now) {
    double rate = now - at > 1_000_000_000 ? after(value, now) : perSecond;
    return Double.isNaN(rate) ? 0 : rate;
  }

  private double after(long newValue, long now) {
    double passed = (now - at) / 1e9;
    double current = (newValue - value) / passed;
    return Double.isNaN(perSecond)
        ? current
        : perSecond + (current - perSecond) * -Math.expm1(-passed / seconds);
  }
}
