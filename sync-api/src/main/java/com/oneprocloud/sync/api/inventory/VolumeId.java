// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Objects;

/**
 * The id of a volume, as the cloud gave it.
 *
 * @param value the id's text; not empty
 */
public record VolumeId(String value) implements Comparable<VolumeId> {
  /** Checks that there is a text. */
  public VolumeId {
    if (Objects.requireNonNull(value, "value").isEmpty()) {
      throw new IllegalArgumentException("empty id of a volume");
    }
  }

  /** The id of that text. */
  public static VolumeId of(String value) {
    return new VolumeId(value);
  }

  @Override
  public int compareTo(VolumeId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
