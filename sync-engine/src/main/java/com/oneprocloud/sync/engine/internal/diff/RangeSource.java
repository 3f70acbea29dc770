// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

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
   * @param extents the extents within it
   * @param end where it ends; the next one starts here
   */
  record Range(Extents extents, long end) {}
}
