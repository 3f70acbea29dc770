// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.util.Objects;

/**
 * A run of bytes of an image, and whether it holds data.
 *
 * @param offset first byte
 * @param length bytes; at least 1
 * @param kind what the bytes are
 */
public record Extent(long offset, long length, Kind kind) {
  /** Checks that the run is not empty and does not leave the range of a {@code long}. */
  public Extent {
    Objects.requireNonNull(kind, "kind");
    if (offset < 0 || length <= 0 || offset + length < 0) {
      throw new IllegalArgumentException(
          "no run of bytes: offset " + offset + ", length " + length);
    }
  }

  /** A run that may hold data. */
  public static Extent data(long offset, long length) {
    return new Extent(offset, length, Kind.DATA);
  }

  /** A run that reads as zeros. */
  public static Extent zero(long offset, long length) {
    return new Extent(offset, length, Kind.ZERO);
  }

  /** The first byte after the run. */
  public long end() {
    return offset + length;
  }

  /** What the bytes of an extent are. */
  public enum Kind {
    /** They may hold data; they may be zeros all the same. */
    DATA,
    /** They read as zeros, for certain. */
    ZERO
  }

  @Override
  public String toString() {
    return kind + " [" + offset + ", " + end() + ")";
  }
}
