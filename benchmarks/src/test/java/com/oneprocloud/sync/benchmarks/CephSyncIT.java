// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.tck.SyncContract;

/** Whole runs on a real Ceph, as the users that only read and that only make snapshots. */
class CephSyncIT extends SyncContract {
  @Override
  protected StorageFixture openFixture() {
    return new CephFixture(CephLab.start());
  }
}
