// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.block;

import com.oneprocloud.sync.openstack.SnapshotQuota;
import java.util.OptionalLong;

/**
 * What a project may have and has, as one answer tells it.
 *
 * @param left what is left for snapshots
 * @param gibibytesUsed how many GiB the project's quota counts as used, if told
 */
public record ProjectQuota(SnapshotQuota left, OptionalLong gibibytesUsed) {
  /** Of a cloud that tells nothing. */
  public static ProjectQuota untold() {
    return new ProjectQuota(
        new SnapshotQuota(OptionalLong.empty(), OptionalLong.empty()), OptionalLong.empty());
  }
}
