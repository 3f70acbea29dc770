// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

/**
 * How an image is cut into objects. Fixed for the life of an image.
 *
 * @param objectSize bytes of one object; a power of two
 * @param stripeUnit bytes of one stripe; equals {@code objectSize} without fancy striping
 * @param stripeCount objects that one stripe row spreads over; 1 without fancy striping
 * @param dataPoolId id of the pool that holds the data objects; the image's own pool unless it has
 *     a separate data pool
 */
public record Layout(long objectSize, long stripeUnit, long stripeCount, long dataPoolId) {
  /** Checks that the sizes fit together. */
  public Layout {
    if (Long.bitCount(objectSize) != 1) {
      throw new IllegalArgumentException("objectSize is no power of two: " + objectSize);
    }
    if (stripeUnit <= 0 || objectSize % stripeUnit != 0) {
      throw new IllegalArgumentException("stripeUnit does not divide objectSize: " + stripeUnit);
    }
    if (stripeCount <= 0) {
      throw new IllegalArgumentException("stripeCount is not positive: " + stripeCount);
    }
  }

  /**
   * Bytes of the image after which the pattern of objects starts again: the alignment on which a
   * range holds whole objects.
   */
  public long period() {
    return objectSize * stripeCount;
  }

  /** How many objects an image of a size has at most: one more than the highest number. */
  public long objects(long size) {
    long rows = stripeCount * stripeUnit;
    long rest = size % period();
    long unused = rest > 0 && rest < rows ? stripeCount - (rest + stripeUnit - 1) / stripeUnit : 0;
    return (size + period() - 1) / period() * stripeCount - unused;
  }

  /**
   * Whether neighbouring bytes of the image can lie in different objects before an object is full.
   */
  public boolean striped() {
    return stripeCount > 1;
  }
}
