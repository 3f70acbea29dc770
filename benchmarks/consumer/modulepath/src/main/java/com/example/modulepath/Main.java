// SPDX-License-Identifier: Apache-2.0
package com.example.modulepath;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import java.util.List;

/** Uses the SDK from the module path. */
public final class Main {
  private Main() {}

  /**
   * Works out what changed between two snapshots.
   *
   * @param args none
   */
  public static void main(String[] args) {
    for (String name : List.of("api", "ceph", "engine", "openstack")) {
      Module module = ModuleLayer.boot().findModule("com.oneprocloud.sync." + name).orElseThrow();
      if (module.getDescriptor().isAutomatic()) {
        throw new IllegalStateException("without a descriptor: " + module);
      }
    }

    ImageSpec spec = ImageSpec.parse("volumes/volume-1");
    try (var cluster = MemoryCluster.withPools("volumes")) {
      var disk = cluster.createDisk(spec, 64L << 20);
      disk.write(0, new byte[] {1, 2, 3});
      Snapshot base = disk.snapshot("base");
      disk.write(8L << 20, new byte[4096]);
      Snapshot point = disk.snapshot("point");
      try (Image image = cluster.open(spec)) {
        Extents diff = image.diff(base, point);
        if (diff.isEmpty()) {
          throw new IllegalStateException("the write was missed");
        }
        System.out.println("modulepath: changed " + diff);
      }
    }
  }
}
