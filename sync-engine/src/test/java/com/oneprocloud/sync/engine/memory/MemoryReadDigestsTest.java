// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.tck.SnapshotReaderContract;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;

/** The contract on a cluster that works out no digests: they are read. */
final class MemoryReadDigestsTest extends SnapshotReaderContract {
  @Override
  protected StorageFixture openFixture() {
    return MemoryFixture.withoutDigests();
  }
}
