// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;
import java.util.UUID;

/**
 * The id of one run: of the attempt to bring the replicas of a server's disks to one new point.
 *
 * @param value 32 hexadecimal digits, lower case
 */
public record RunId(String value) {
  /** Checks the form. */
  public RunId {
    if (!Objects.requireNonNull(value, "value").matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException("no run id: " + value);
    }
  }

  /** An id that nobody has used. */
  public static RunId random() {
    return new RunId(UUID.randomUUID().toString().replace("-", ""));
  }

  /** The first 8 digits, for people and for snapshot names. */
  public String brief() {
    return value.substring(0, 8);
  }

  @Override
  public String toString() {
    return value;
  }
}
