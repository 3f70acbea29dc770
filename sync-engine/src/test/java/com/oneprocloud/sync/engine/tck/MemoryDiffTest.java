// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;
import org.jspecify.annotations.Nullable;

class MemoryDiffTest extends DiffContract {
  @Override
  protected StorageFixture openFixture() {
    return new MemoryFixture();
  }

  @Override
  protected Extents plainFastDiff(
      StorageFixture opened, WritableImage image, @Nullable Snapshot base, Snapshot end) {
    return ((MemoryFixture) opened).disk(image.spec()).fastDiff(base, end);
  }
}
