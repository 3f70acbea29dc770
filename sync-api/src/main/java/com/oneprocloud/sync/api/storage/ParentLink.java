// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.util.Objects;

/**
 * The parent that a clone still reads through to.
 *
 * @param image which image the parent is
 * @param snapshot the parent's snapshot
 * @param overlap bytes from the start of the clone for which the parent is still visible
 */
public record ParentLink(ImageIdentity image, SnapshotId snapshot, long overlap) {
  /** Checks that all parts are there. */
  public ParentLink {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(snapshot, "snapshot");
    if (overlap < 0) {
      throw new IllegalArgumentException("overlap is negative: " + overlap);
    }
  }
}
