// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Objects;

/**
 * The id of a cloud snapshot, as the cloud gave it.
 *
 * @param value the id's text; not empty
 */
public record CloudSnapshotId(String value) implements Comparable<CloudSnapshotId> {
  /** Checks that there is a text. */
  public CloudSnapshotId {
    if (Objects.requireNonNull(value, "value").isEmpty()) {
      throw new IllegalArgumentException("empty id of a cloud snapshot");
    }
  }

  /** The id of that text. */
  public static CloudSnapshotId of(String value) {
    return new CloudSnapshotId(value);
  }

  @Override
  public int compareTo(CloudSnapshotId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
