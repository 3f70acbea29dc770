// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.Snapshotter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Snapshots taken directly on the image. */
public final class ImageSnapshots implements DiskSnapshots {
  private final Snapshotter snapshotter;
  private final SnapshotNames names;

  /**
   * Snapshots of one chain's image.
   *
   * @param snapshotter makes and removes them
   * @param names tells which are the chain's
   */
  public ImageSnapshots(Snapshotter snapshotter, SnapshotNames names) {
    this.snapshotter = snapshotter;
    this.names = names;
  }

  @Override
  public SnapshotRef take(Image image, String name) {
    Snapshot snapshot = snapshotter.create(image.spec(), name);
    return new SnapshotRef(snapshot.id(), snapshot.name(), snapshot.size(), Optional.empty());
  }

  @Override
  public void remove(Image image, SnapshotRef ref) {
    snapshotter.remove(
        image.spec(),
        new Snapshot(
            ref.id(), ref.name(), ref.size(), Snapshot.Kind.USER, Optional.empty(), false));
  }

  @Override
  public List<String> prune(Image image, Set<SnapshotRef> keep) {
    Set<SnapshotId> kept = keep.stream().map(SnapshotRef::id).collect(Collectors.toSet());
    List<String> left = new ArrayList<>();
    for (Snapshot snapshot : image.snapshots()) {
      if (snapshot.kind() == Snapshot.Kind.USER
          && names.own(snapshot.name())
          && !kept.contains(snapshot.id())) {
        try {
          snapshotter.remove(image.spec(), snapshot);
        } catch (SyncException e) {
          left.add(
              "Snapshot "
                  + snapshot.name()
                  + " was left: "
                  + e.getMessage()
                  + ". By hand: "
                  + AdminCommand.remove(image.spec(), snapshot));
        }
      }
    }
    return left;
  }
}
