// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.storage.Image;
import java.util.List;
import java.util.Set;

/** Takes and removes the snapshots of one disk, in the one way that fits it. */
public interface DiskSnapshots {
  /**
   * Takes a snapshot.
   *
   * @param image the disk's image, open
   * @param name a name that was never used
   * @throws SyncException if none was taken, or nobody knows
   */
  SnapshotRef take(Image image, String name);

  /** Removes a snapshot that was just taken. */
  void remove(Image image, SnapshotRef snapshot);

  /**
   * Removes the chain's snapshots that it does not need any more.
   *
   * @param image the disk's image, open
   * @param keep snapshots to keep
   * @return what could not be removed and why, each a sentence; the next run tries again
   */
  List<String> prune(Image image, Set<SnapshotRef> keep);
}
