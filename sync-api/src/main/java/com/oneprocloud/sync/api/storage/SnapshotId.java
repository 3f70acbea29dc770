// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

/**
 * The id of a snapshot within its image's pool. A snapshot that is deleted and made again under the
 * same name has another id.
 *
 * @param value the number; an unsigned 64-bit value that grows with each snapshot
 */
public record SnapshotId(long value) implements Comparable<SnapshotId> {
  /** The id of that number. */
  public static SnapshotId of(long value) {
    return new SnapshotId(value);
  }

  @Override
  public int compareTo(SnapshotId other) {
    return Long.compareUnsigned(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toUnsignedString(value);
  }
}
