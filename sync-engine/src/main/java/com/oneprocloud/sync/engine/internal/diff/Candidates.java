// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;

/** Where in an image the storage has to be asked what changed. Thread-safe. */
public interface Candidates {
  /**
   * The part of the image that begins at an offset.
   *
   * @param offset less than the size; a multiple of the layout's period
   */
  Part from(long offset);

  /**
   * A part of an image that one question is about.
   *
   * @param ask whole objects that may have changed; nothing else in the part did
   * @param end where the part ends and the next begins
   */
  record Part(Extents ask, long end) {}

  /**
   * Every object.
   *
   * @param size bytes of the image
   */
  static Candidates all(long size, Layout layout) {
    long period = layout.period();
    return offset -> {
      long step = Math.max(period, partBytes(offset) / period * period);
      long length = Math.min(step, size - offset);
      return new Part(Extents.of(Extent.data(offset, length)), offset + length);
    };
  }

  /**
   * Parts hold at most this much of the image: enough for one call to ask many objects at a time.
   */
  long PART_BYTES = 4L << 30;

  /** The first part holds this much, so that data moves soon. */
  long FIRST_PART_BYTES = 128L << 20;

  private static long partBytes(long offset) {
    // each as large as all before it
    return Math.min(PART_BYTES, Math.max(FIRST_PART_BYTES, offset));
  }

  /** Parts hold at most this many runs of neighbouring objects, so that several go on at a time. */
  int PART_RUNS = 64;

  /**
   * Those objects that object maps say may have changed.
   *
   * @param size bytes of the image
   * @param layout without striping
   */
  static Candidates of(ChangedObjects changed, long size, Layout layout) {
    long objectSize = layout.objectSize();
    return offset -> {
      Extents.Builder ask = Extents.builder();
      long room = Math.max(1, partBytes(offset) / objectSize);
      long object = changed.nextChanged(offset / objectSize);
      for (int run = 0; run < PART_RUNS && room > 0 && object < changed.objects(); run++) {
        long end = Math.min(object + room, changed.nextUnchanged(object));
        long start = object * objectSize;
        ask.add(start, Math.min(size, end * objectSize) - start, false);
        room -= end - object;
        object = changed.nextChanged(end);
      }
      return new Part(ask.build(), object < changed.objects() ? object * objectSize : size);
    };
  }
}
