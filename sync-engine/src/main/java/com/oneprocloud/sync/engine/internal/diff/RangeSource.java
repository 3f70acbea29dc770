// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;

/** Extents in ascending order, range by range. Not thread-safe. */
public interface RangeSource extends AutoCloseable {
  /** Whether there is another range. */
  boolean hasNext();

  /**
   * The next range.
   *
   * @throws com.oneprocloud.sync.api.SyncException if it could not be worked out
   */
  Range next() throws InterruptedException;

  @Override
  void close();

  /**
   * A part of the image.
   *
   * @param extents the extents within it that are to be carried
   * @param covers the extents within it that are done with once those are carried: the same, or
   *     more
   * @param end where it ends; the next one starts here
   */
  record Range(Extents extents, Extents covers, long end) {
    /** A part of which everything is to be carried. */
    public Range(Extents extents, long end) {
      this(extents, extents, end);
    }

    /** Bytes of data that are covered and not carried. */
    public long spared() {
      return covers.bytes(Extent.Kind.DATA) - extents.bytes(Extent.Kind.DATA);
    }
  }
}
