// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.Extents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Finds runs of zeros in data. */
final class Zeros {
  /**
   * Runs are told apart in blocks of this size: the block of a file system, below which nothing is
   * saved.
   */
  static final int BLOCK = 4096;

  private Zeros() {}

  /**
   * Splits data into runs of zero blocks and runs of others.
   *
   * @param data the bytes from position to limit; left as it is
   * @param offset where in the image they are; blocks are aligned to the image
   * @return extents that cover the data
   */
  static Extents split(ByteBuffer data, long offset) {
    Extents.Builder runs = Extents.builder();
    int at = data.position();
    while (at < data.limit()) {
      long imageOffset = offset + (at - data.position());
      int length = (int) Math.min(BLOCK - imageOffset % BLOCK, data.limit() - at);
      runs.add(imageOffset, length, isZero(data, at, length));
      at += length;
    }
    return runs.build();
  }

  /** Whether a range of a buffer is zeros. */
  static boolean isZero(ByteBuffer data, int from, int length) {
    ByteBuffer words =
        data.order() == ByteOrder.nativeOrder()
            ? data
            : data.duplicate().order(ByteOrder.nativeOrder());
    int at = from;
    int end = from + length;
    // most data differs from zero in its first word
    for (; at + 32 <= end; at += 32) {
      long any =
          words.getLong(at)
              | words.getLong(at + 8)
              | words.getLong(at + 16)
              | words.getLong(at + 24);
      if (any != 0) {
        return false;
      }
    }
    for (; at < end; at++) {
      if (words.get(at) != 0) {
        return false;
      }
    }
    return true;
  }
}
