// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.Snapshotter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;

/**
 * Takes the snapshots of a point directly on the images, all at the same time, and removes old
 * ones.
 */
public final class PointSnapshots {
  private final Snapshotter snapshotter;
  private final Executor executor;

  /**
   * Snapshots through a snapshotter.
   *
   * @param snapshotter makes and removes them
   * @param executor where several are made at a time
   */
  public PointSnapshots(Snapshotter snapshotter, Executor executor) {
    this.snapshotter = snapshotter;
    this.executor = executor;
  }

  /**
   * Takes a snapshot of each image. All or nothing: if one fails, the others are removed before
   * this throws.
   *
   * @param names the name of the snapshot to take, by image
   * @return the snapshots, by image
   */
  public Map<ImageSpec, SnapshotRef> take(Map<ImageSpec, String> names) {
    Map<ImageSpec, CompletableFuture<Snapshot>> taking = new LinkedHashMap<>();
    names.forEach(
        (image, name) ->
            taking.put(
                image,
                CompletableFuture.supplyAsync(() -> snapshotter.create(image, name), executor)));
    Map<ImageSpec, SnapshotRef> taken = new LinkedHashMap<>();
    RuntimeException failure = null;
    for (Map.Entry<ImageSpec, CompletableFuture<Snapshot>> entry : taking.entrySet()) {
      try {
        Snapshot snapshot = entry.getValue().join();
        taken.put(
            entry.getKey(),
            new SnapshotRef(snapshot.id(), snapshot.name(), snapshot.size(), Optional.empty()));
      } catch (CompletionException e) {
        RuntimeException cause = e.getCause() instanceof RuntimeException r ? r : e;
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
      }
    }
    if (failure != null) {
      for (Map.Entry<ImageSpec, SnapshotRef> entry : taken.entrySet()) {
        try {
          remove(entry.getKey(), entry.getValue());
        } catch (SyncException e) {
          failure.addSuppressed(e);
        }
      }
      throw failure;
    }
    return taken;
  }

  /**
   * Removes the snapshots of a chain that it does not need any more.
   *
   * @param image the image
   * @param names tells which snapshots are the chain's
   * @param keep snapshots to keep
   * @return what could not be removed and why, each a sentence; it will be tried again after the
   *     next run
   */
  public List<String> prune(Image image, SnapshotNames names, Set<SnapshotId> keep) {
    List<String> left = new ArrayList<>();
    for (Snapshot snapshot : image.snapshots()) {
      if (names.own(snapshot.name()) && !keep.contains(snapshot.id())) {
        try {
          snapshotter.remove(image.spec(), snapshot);
        } catch (SyncException e) {
          left.add("Snapshot " + snapshot.name() + " was left: " + e.getMessage());
        }
      }
    }
    return left;
  }

  private void remove(ImageSpec image, SnapshotRef ref) {
    snapshotter.remove(
        image,
        new Snapshot(
            ref.id(), ref.name(), ref.size(), Snapshot.Kind.USER, Optional.empty(), false));
  }
}
