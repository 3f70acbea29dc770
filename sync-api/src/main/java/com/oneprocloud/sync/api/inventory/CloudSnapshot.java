// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A Cinder snapshot of a volume.
 *
 * @param id its id
 * @param volume the volume
 * @param name its display name; need not be unique
 * @param status the cloud's word, in lower case: {@code "available"}, {@code "creating"}, {@code
 *     "error_deleting"}, ...
 * @param size bytes of the volume when it was taken
 * @param metadata its metadata
 * @param created when it was taken, if told
 */
public record CloudSnapshot(
    CloudSnapshotId id,
    VolumeId volume,
    String name,
    String status,
    long size,
    Map<String, String> metadata,
    Optional<Instant> created) {
  /** Copies the map. */
  public CloudSnapshot {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(volume, "volume");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(created, "created");
    metadata = Map.copyOf(metadata);
  }

  /** The name of the image's snapshot behind it. */
  public String imageSnapshotName() {
    return "snapshot-" + id;
  }
}
