// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import java.util.NoSuchElementException;

/**
 * What a run wrote, and one of so many shares of the image: stripes that lie at equal distances. A
 * stripe belongs to the same share whatever the size of the image, so that as many turns as there
 * are shares leave no byte out, though the image grows or shrinks meanwhile. Not thread-safe.
 */
public final class RotatingShare implements RangeSource {
  /** Bytes of a stripe. */
  static final int STRIPE = 4 << 20;

  /** Ranges have about this many stripes. */
  private static final int STRIPES = 256;

  private final Extents written;
  private final long size;
  private final int shares;
  private final long turn;
  private final long step;
  private long at;

  /**
   * A share.
   *
   * @param written what is in it in any case
   * @param size bytes of the image
   * @param shares how many there are; at least 1
   * @param turn whose turn it is, of any number of turns; 0 or more
   */
  public RotatingShare(Extents written, long size, int shares, long turn) {
    this.written = written;
    this.size = size;
    this.shares = shares;
    this.turn = turn;
    this.step = (long) STRIPE * shares * Math.max(1, STRIPES / shares);
  }

  @Override
  public boolean hasNext() {
    return at < size;
  }

  @Override
  public Range next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    long end = Math.min(size, at + step);
    Extents.Builder extents = Extents.builder().addAll(written.within(at, end - at));
    // ranges begin at the first share
    for (long stripe = at + turn % shares * STRIPE;
        stripe < end;
        stripe += (long) STRIPE * shares) {
      extents.add(stripe, Math.min(STRIPE, end - stripe), false);
    }
    at = end;
    return new Range(extents.build(), end);
  }

  @Override
  public void close() {}
}
