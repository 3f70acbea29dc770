// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Cuts ranges into pieces that can be digested at once, at multiples of {@link BlockDigests#BLOCK}
 * wherever an extent is cut. Runs of zeros are not cut, however long. Not thread-safe.
 */
final class Pieces {
  /** The most bytes of data in a piece. */
  static final int MOST_BYTES = 4 << 20;

  /** The most extents in a piece. */
  static final int MOST_EXTENTS = 256;

  private final RangeSource source;
  private final long objectSize;
  private final int mostObjects;
  private RangeSource.@Nullable Range range;
  private int index;
  private long at;

  /**
   * Pieces of a source.
   *
   * @param mostObjects the most objects that a piece has data in, since each is asked by itself
   */
  Pieces(RangeSource source, Layout layout, int mostObjects) {
    this.source = source;
    boolean plain = !layout.striped() && layout.objectSize() % BlockDigests.BLOCK == 0;
    this.objectSize = plain ? layout.objectSize() : Long.MAX_VALUE;
    this.mostObjects = mostObjects;
  }

  boolean hasNext() {
    return range != null || source.hasNext();
  }

  /** The next piece. All pieces together have the extents of all ranges. */
  RangeSource.Range next() throws InterruptedException {
    RangeSource.Range of = range;
    if (of == null) {
      if (!source.hasNext()) {
        throw new NoSuchElementException();
      }
      of = source.next();
      range = of;
      index = 0;
      at = of.extents().isEmpty() ? of.end() : of.extents().offset(0);
    }
    Extents piece = fill(of.extents());
    if (index == of.extents().size()) {
      range = null;
      return new RangeSource.Range(piece, of.end());
    }
    return new RangeSource.Range(piece, at);
  }

  private Extents fill(Extents extents) {
    Extents.Builder piece = Extents.builder();
    long room = MOST_BYTES;
    long objectsEnd = 0;
    int objects = 0;
    for (int count = 0; count < MOST_EXTENTS && index < extents.size(); count++) {
      long end = extents.offset(index) + extents.length(index);
      boolean zero = extents.isZero(index);
      long to = end;
      if (!zero) {
        to = Math.min(end, at + room);
        if (objectSize != Long.MAX_VALUE) {
          // the last object that was begun counts once, however many extents it has
          long from = Math.max(at, objectsEnd) / objectSize;
          to = Math.min(to, (from + mostObjects - objects) * objectSize);
          if (to > objectsEnd) {
            objects += (int) ((to - 1) / objectSize - from + 1);
            objectsEnd = ((to - 1) / objectSize + 1) * objectSize;
          }
        }
        if (to < end) {
          to -= to % BlockDigests.BLOCK;
        }
        if (to <= at) {
          break;
        }
        room -= to - at;
      }
      piece.add(at, to - at, zero);
      at = to;
      if (to < end) {
        break;
      }
      index++;
      if (index < extents.size()) {
        at = extents.offset(index);
      }
    }
    return piece.build();
  }
}
