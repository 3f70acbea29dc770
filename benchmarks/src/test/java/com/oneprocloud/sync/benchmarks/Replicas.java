// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Holds replicas against what the rbd command exports. */
final class Replicas {
  private Replicas() {}

  /** Fails if a byte of a replica is not what the snapshot of its newest point has there. */
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
