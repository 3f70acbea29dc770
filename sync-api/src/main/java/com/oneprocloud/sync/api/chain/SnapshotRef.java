// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.storage.SnapshotId;
import java.util.Objects;
import java.util.Optional;

/**
 * A snapshot as a chain remembers it.
 *
 * @param id its id in the storage cluster
 * @param name its name in the storage cluster
 * @param size bytes of the image when it was taken
 * @param cloudId the id of the cloud snapshot that it belongs to, if the cloud took it; it is then
 *     the cloud's to remove
 */
public record SnapshotRef(SnapshotId id, String name, long size, Optional<String> cloudId) {
  /** Checks that all parts are there. */
  public SnapshotRef {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(cloudId, "cloudId");
  }

  @Override
  public String toString() {
    return "@" + name + " (id " + id + ")";
  }
}
