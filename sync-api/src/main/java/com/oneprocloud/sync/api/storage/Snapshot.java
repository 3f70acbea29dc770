// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * A snapshot of an image, as it was when it was listed.
 *
 * @param id its id, by which it is known for good
 * @param name its name; can be given to another snapshot later
 * @param size bytes of the image when the snapshot was taken
 * @param kind who keeps it
 * @param created when it was taken, if the cluster recorded that (Luminous and later)
 * @param isProtected whether it cannot be removed because clones may depend on it
 */
public record Snapshot(
    SnapshotId id,
    String name,
    long size,
    Kind kind,
    Optional<Instant> created,
    boolean isProtected) {
  /** Checks that all parts are there. */
  public Snapshot {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(created, "created");
    if (size < 0) {
      throw new IllegalArgumentException("size is negative: " + size);
    }
  }

  /** Who keeps a snapshot. */
  public enum Kind {
    /** Made by name, by a person or a tool. */
    USER,
    /** Part of a group snapshot. */
    GROUP,
    /** Deleted by its user, kept because a clone needs it. */
    TRASH,
    /** Made by mirroring. */
    MIRROR,
    /** A kind that this SDK does not know. */
    OTHER
  }

  @Override
  public String toString() {
    return "@" + name + " (id " + id + ", " + size + " bytes)";
  }
}
