// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import java.util.List;
import java.util.Objects;

/**
 * An image that Nova made of a server.
 *
 * @param image the image
 * @param snapshots the snapshots of the server's volumes that it refers to; empty for an
 *     image-booted server
 * @param quiesceAttempted whether Nova will have tried to freeze the guest's file systems; it does
 *     not tell whether it did
 */
public record ServerImage(
    CloudImage image, List<CloudSnapshot> snapshots, boolean quiesceAttempted) {
  /** Copies the list. */
  public ServerImage {
    Objects.requireNonNull(image, "image");
    snapshots = List.copyOf(snapshots);
  }

  /**
   * Whether something is left that the next run can compute a diff from. The image of an
   * image-booted server is a full copy without a common ancestor: it leaves nothing.
   */
  public boolean leavesDiffBase() {
    return !snapshots.isEmpty();
  }
}
