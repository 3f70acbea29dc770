// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.target;

import java.util.Objects;

/**
 * The name of a replica within a target: which group (a server, a pool) and which disk of it.
 *
 * @param group the server's id, or the pool of a single image; not empty
 * @param disk the disk's id, or the image's name; not empty
 */
public record ReplicaName(String group, String disk) {
  /** Checks that both parts are there. */
  public ReplicaName {
    if (Objects.requireNonNull(group, "group").isEmpty()
        || Objects.requireNonNull(disk, "disk").isEmpty()) {
      throw new IllegalArgumentException("empty part of a replica name");
    }
  }

  @Override
  public String toString() {
    return group + "/" + disk;
  }
}
