// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;

/** Whole runs on the cluster in memory. In this package so that it is opened to JUnit. */
class MemorySyncTest extends SyncContract {
  @Override
  protected StorageFixture openFixture() {
    return new MemoryFixture();
  }
}
