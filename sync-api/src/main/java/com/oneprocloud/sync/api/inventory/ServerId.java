// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Objects;

/**
 * The id of a server, as the cloud gave it.
 *
 * @param value the id's text; not empty
 */
public record ServerId(String value) implements Comparable<ServerId> {
  /** Checks that there is a text. */
  public ServerId {
    if (Objects.requireNonNull(value, "value").isEmpty()) {
      throw new IllegalArgumentException("empty id of a server");
    }
  }

  /** The id of that text. */
  public static ServerId of(String value) {
    return new ServerId(value);
  }

  @Override
  public int compareTo(ServerId other) {
    return value.compareTo(other.value);
  }

  @Override
  public String toString() {
    return value;
  }
}
