// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

/** What an {@link ObjectMap} says of one object. */
public enum ObjectState {
  /** There is no such object. */
  NONEXISTENT(0),
  /** It exists and was written to since the snapshot before. */
  EXISTS(1),
  /** It is about to be removed; after a crash, nobody knows whether it was. */
  PENDING(2),
  /** It exists and was not written to since the snapshot before. */
  EXISTS_CLEAN(3);

  private static final ObjectState[] BY_BITS = values();

  private final int bits;

  ObjectState(int bits) {
    this.bits = bits;
  }

  /** The two bits that stand for it in a map. */
  public int bits() {
    return bits;
  }

  /** The state that two bits stand for. */
  static ObjectState ofBits(int bits) {
    return BY_BITS[bits & 3];
  }
}
