// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;

/** Extents that are known already, as one range. */
public final class KnownExtents implements RangeSource {
  private final Range range;
  private boolean given;

  /**
   * A source of extents.
   *
   * @param extents the extents
   * @param size bytes of the image
   */
  public KnownExtents(Extents extents, long size) {
    this.range = new Range(extents, size);
  }

  /** Every byte of an image. */
  public static KnownExtents all(long size) {
    return new KnownExtents(size == 0 ? Extents.none() : Extents.of(Extent.data(0, size)), size);
  }

  @Override
  public boolean hasNext() {
    return !given;
  }

  @Override
  public Range next() {
    given = true;
    return range;
  }

  @Override
  public void close() {}
}
