// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.storage.BlockDigests;
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
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

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
   * Bytes in which two files differ, in blocks of 64 KiB at multiples of that, without those that
   * are zeros in the second; what is beyond the end of the shorter one counts as zeros.
   */
  static long differing(Path before, Path after) throws IOException {
    byte[] zeros = new byte[BlockDigests.BLOCK];
    byte[] old = new byte[BlockDigests.BLOCK];
    byte[] now = new byte[BlockDigests.BLOCK];
    long bytes = 0;
    try (InputStream first = Files.newInputStream(before);
        InputStream second = Files.newInputStream(after)) {
      int length = second.readNBytes(now, 0, now.length);
      while (length > 0) {
        Arrays.fill(old, (byte) 0);
        int unused = first.readNBytes(old, 0, length);
        boolean zero = Arrays.equals(zeros, 0, length, now, 0, length);
        boolean same = Arrays.equals(old, 0, length, now, 0, length);
        bytes += zero || same ? 0 : length;
        length = second.readNBytes(now, 0, now.length);
      }
    }
    return bytes;
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
