// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.tck.ImageContract;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;

class MemoryImageTest extends ImageContract {
  @Override
  protected StorageFixture openFixture() {
    return new MemoryFixture();
  }
}
