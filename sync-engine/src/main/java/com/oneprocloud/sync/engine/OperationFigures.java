// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Duration;

/**
 * How many operations of one kind an engine has made since it was built, and how long they took.
 * Percentiles are of the whole time since then, and at most an eighth too high.
 *
 * @param count how many
 * @param bytes bytes that they carried
 * @param total how long all of them took, one added to the other; only grows
 * @param median half of them took at most this long
 * @param p90 nine of ten took at most this long
 * @param p99 ninety-nine of a hundred took at most this long
 * @param longest the longest of them
 */
public record OperationFigures(
    long count,
    long bytes,
    Duration total,
    Duration median,
    Duration p90,
    Duration p99,
    Duration longest) {
  /** Their mean time; zero if there was none. */
  public Duration mean() {
    return count == 0 ? Duration.ZERO : total.dividedBy(count);
  }
}
