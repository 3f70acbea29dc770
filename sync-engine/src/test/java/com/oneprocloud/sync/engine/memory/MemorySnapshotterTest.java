// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.tck.SnapshotterContract;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;

class MemorySnapshotterTest extends SnapshotterContract {
  @Override
  protected StorageFixture openFixture() {
    return new MemoryFixture();
  }
}
