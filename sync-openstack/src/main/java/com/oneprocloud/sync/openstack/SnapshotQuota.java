// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.OptionalLong;

/**
 * What is left for snapshots in the project of the user. Absent values are unlimited or not told.
 *
 * @param snapshotsLeft how many more snapshots may be taken
 * @param gibibytesLeft how many GiB more volumes and snapshots may have together, where the cloud
 *     counts snapshots at the size of their volume (most do)
 */
public record SnapshotQuota(OptionalLong snapshotsLeft, OptionalLong gibibytesLeft) {
  /** Whether that many more snapshots may be taken, as far as is told. */
  public boolean allows(int snapshots) {
    return snapshotsLeft.isEmpty() || snapshotsLeft.getAsLong() >= snapshots;
  }
}
