// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.tck.DiffContract;
import org.jspecify.annotations.Nullable;

/**
 * The methods of the engine on a real Ceph, beside {@code rbd_diff_iterate2} with {@code
 * whole_object}. {@code benchmarks/fuzz-diff} runs it for as long as one likes.
 */
class CephDiffIT extends DiffContract {
  @Override
  protected StorageFixture openFixture() {
    return new CephFixture(CephLab.start());
  }

  @Override
  protected Extents plainFastDiff(
      StorageFixture opened, WritableImage image, @Nullable Snapshot base, Snapshot end) {
    return ((CephFixture.AdminImage) image).fastDiff(base == null ? null : base.name(), end.name());
  }
}
