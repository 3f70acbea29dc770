// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Whether the objects read last were full of data, which decides how the next one is read: a read
 * straight from RADOS costs client and OSD less, but sends the holes of an object as zeros, which
 * librbd leaves out. Looks at samples of what was read. Thread-safe.
 */
final class Density {
  /** A sample is taken from each piece of this size. */
  private static final int PIECE = 64 << 10;

  /** Bytes of a sample: below this an OSD stores no hole. */
  private static final int SAMPLE = 4096;

  /** How many dense reads in a row it takes to count on the next one. */
  private static final int ENOUGH = 4;

  /** A read is sparse if at least one of so many samples is zeros. */
  private static final int ONE_OF = 16;

  private int denseInRow;

  /** Whether the next object is probably full of data. */
  synchronized boolean isDense() {
    return denseInRow >= ENOUGH;
  }

  /**
   * Takes note of what was read.
   *
   * @param data the buffer
   * @param position where in it the bytes begin
   * @param length how many; less than a piece tells nothing
   */
  void seen(ByteBuffer data, int position, long length) {
    int samples = 0;
    int zeros = 0;
    ByteBuffer words = data.duplicate().order(ByteOrder.nativeOrder()).clear();
    for (long at = position; at + SAMPLE <= position + length; at += PIECE) {
      samples++;
      zeros += isZero(words, (int) at) ? 1 : 0;
    }
    if (samples > 0) {
      note(zeros * ONE_OF < samples);
    }
  }

  private synchronized void note(boolean dense) {
    denseInRow = dense ? Math.min(ENOUGH, denseInRow + 1) : 0;
  }

  private static boolean isZero(ByteBuffer words, int from) {
    for (int at = from; at < from + SAMPLE; at += Long.BYTES) {
      if (words.getLong(at) != 0) {
        return false;
      }
    }
    return true;
  }
}
