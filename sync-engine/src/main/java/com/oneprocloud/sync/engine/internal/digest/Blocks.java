// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;

/** The blocks of 64 KiB that an image of some size has; the last one may be shorter. */
public final class Blocks {
  private static final int BLOCK = BlockDigests.BLOCK;

  private Blocks() {}

  /** How many there are. */
  public static long count(long size) {
    return size / BLOCK + (size % BLOCK == 0 ? 0 : 1);
  }

  /** Bytes of a block. */
  public static int length(long block, long size) {
    return (int) Math.min(BLOCK, size - block * BLOCK);
  }

  /** Where the block begins that an offset lies in. */
  public static long floor(long offset) {
    return offset - offset % BLOCK;
  }

  /** Where the block ends that the last byte before an offset lies in. */
  public static long ceiling(long offset, long size) {
    return Math.min(size, count(offset) * BLOCK);
  }

  /** The whole blocks that some ranges touch; kinds are lost. */
  public static Extents touched(Extents ranges, long size) {
    Extents.Builder touched = Extents.builder();
    long end = 0;
    for (int i = 0; i < ranges.size(); i++) {
      long from = Math.max(end, floor(ranges.offset(i)));
      end = ceiling(ranges.offset(i) + ranges.length(i), size);
      touched.add(from, Math.max(0, end - from), false);
    }
    return touched.build();
  }
}
