// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.SnapshotterContract;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture;

/** The contract on a real cluster. */
final class CephSnapshotterContractIT extends SnapshotterContract {
  @Override
  protected StorageFixture openFixture() {
    return new CephFixture(CephLab.start());
  }
}
