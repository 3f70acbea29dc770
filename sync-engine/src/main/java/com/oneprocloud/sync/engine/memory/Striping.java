// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.Layout;

/** Where bytes of an image lie in its objects, and the other way round. */
record Striping(Layout layout) {
  /** Takes bytes that are neighbours both in the image and in one object. */
  @FunctionalInterface
  interface Visitor {
    void visit(long object, long objectOffset, long imageOffset, long length);
  }

  /** Visits a range of the image, in the order of the image. */
  void ofImage(long offset, long length, Visitor visitor) {
    long unit = layout.striped() ? layout.stripeUnit() : layout.objectSize();
    long perObject = layout.objectSize() / unit;
    long at = offset;
    long end = offset + length;
    while (at < end) {
      long block = at / unit;
      long row = block / layout.stripeCount();
      long object = row / perObject * layout.stripeCount() + block % layout.stripeCount();
      long within = row % perObject * unit + at % unit;
      long count = Math.min(unit - at % unit, end - at);
      visitor.visit(object, within, at, count);
      at += count;
    }
  }

  /** Visits a range of an object, in the order of the object. */
  void ofObject(long object, long from, long to, Visitor visitor) {
    long unit = layout.striped() ? layout.stripeUnit() : layout.objectSize();
    long perObject = layout.objectSize() / unit;
    long set = object / layout.stripeCount();
    long position = object % layout.stripeCount();
    long at = from;
    while (at < to) {
      long row = set * perObject + at / unit;
      long imageOffset = (row * layout.stripeCount() + position) * unit + at % unit;
      long count = Math.min(unit - at % unit, to - at);
      visitor.visit(object, at, imageOffset, count);
      at += count;
    }
  }

  /** The first byte of the image that lies in an object. */
  long start(long object) {
    long unit = layout.striped() ? layout.stripeUnit() : layout.objectSize();
    return object / layout.stripeCount() * layout.period() + object % layout.stripeCount() * unit;
  }

  /** The first object of the set that holds a byte of the image. */
  long firstObject(long offset) {
    return offset / layout.period() * layout.stripeCount();
  }

  /** The number of objects in the sets that hold the first bytes of the image. */
  long objects(long size) {
    return (size + layout.period() - 1) / layout.period() * layout.stripeCount();
  }
}
