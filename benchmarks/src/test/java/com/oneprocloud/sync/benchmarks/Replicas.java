// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Replicas of images on a real Ceph. */
public final class Replicas {
  private Replicas() {}

  /** One run, with the folders chains and replicas in a folder. */
  public static DiskReport sync(
      CephFixture fixture, Path folder, ImageSpec image, EngineSettings settings) {
    try (CephCluster cluster = CephCluster.connect(fixture.readerConfig());
        CephSnapshotter snapshotter = CephSnapshotter.connect(fixture.snapshotterConfig());
        SyncEngine engine =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(DirectoryChainStore.at(folder.resolve("chains")))
                .settings(settings)
                .build()) {
      return engine
          .run(engine.plan(image, DirectoryTarget.at(folder.resolve("replicas"))))
          .disks()
          .get(0);
    }
  }

  /**
   * Exports with the rbd command, and fails if a byte of a replica is not what the snapshot of its
   * newest point has there.
   */
  static void assertEqualsSnapshot(CephLab ceph, DirectoryTarget target, DiskReport disk)
      throws IOException {
    Path replica = target.file(disk.plan().chain().replica());
    Path exported = Files.createTempDirectory("exported").resolve("snapshot.raw");
    String snapshot = disk.committed().manifest().snapshot().name();
    try {
      ceph.rbd(
          "export", "--no-progress", disk.plan().image() + "@" + snapshot, exported.toString());
      assertEquals(-1, Files.mismatch(exported, replica), "first byte that differs");
    } finally {
      Files.deleteIfExists(exported);
      Files.delete(exported.getParent());
    }
  }
}
