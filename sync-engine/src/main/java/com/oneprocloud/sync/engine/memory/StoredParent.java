// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.SnapshotId;

/**
 * What a clone reads through to where it holds no object of its own.
 *
 * @param image the parent
 * @param snapshot the parent's snapshot
 * @param overlap bytes from the start of the clone for which the parent is visible
 */
record StoredParent(StoredImage image, StoredSnapshot snapshot, long overlap) {
  StoredParent cutTo(long size) {
    return size < overlap ? new StoredParent(image, snapshot, size) : this;
  }

  ParentLink describe() {
    return new ParentLink(image.identity(), SnapshotId.of(snapshot.id), overlap);
  }
}
