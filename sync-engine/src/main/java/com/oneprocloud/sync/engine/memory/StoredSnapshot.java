// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import java.time.Instant;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A snapshot as the image's header keeps it. Not thread-safe. */
final class StoredSnapshot {
  final long id;
  final long size;
  final Instant created;

  /** The clones that were made from it and still need it. */
  final Set<StoredImage> children = new HashSet<>();

  String name;
  Snapshot.Kind kind = Snapshot.Kind.USER;
  boolean isProtected;
  @Nullable StoredParent parent;

  /** Null if the image has no object maps, or this one is lost. */
  @Nullable StoredObjectMap objectMap;

  StoredSnapshot(long id, String name, long size, Instant created, @Nullable StoredParent parent) {
    this.id = id;
    this.name = name;
    this.size = size;
    this.created = created;
    this.parent = parent;
  }

  Snapshot describe() {
    return new Snapshot(SnapshotId.of(id), name, size, kind, Optional.of(created), isProtected);
  }
}
