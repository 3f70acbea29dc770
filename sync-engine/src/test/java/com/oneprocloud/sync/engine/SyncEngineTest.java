// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyncEngineTest {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk-1");

  @TempDir Path folder;

  @Test
  void aFullRunAndIncrementsKeepTheReplicaEqualToTheSnapshot() throws IOException {
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      MemoryDisk disk = cluster.newDisk(IMAGE).size(16 << 20).objectSize(1 << 20).create();
      Random random = new Random(1);
      scribble(disk, random, 20);
      DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
      SyncReport first = sync(cluster, target);
      assertEquals(Verdict.FULL, first.disks().get(0).verdict());
      assertEquals(VerdictReason.FIRST_POINT, first.disks().get(0).reason());
      assertReplicaEquals(disk, first, target);
      for (int i = 1; i <= 5; i++) {
        scribble(disk, random, 5);
        SyncReport next = sync(cluster, target);
        assertEquals(VerdictReason.BASE_PRESENT, next.disks().get(0).reason());
        assertEquals(i, next.disks().get(0).committed().manifest().sequence());
        assertReplicaEquals(disk, next, target);
        assertTrue(disk.snapshots().size() <= 2, "one base and one spare base are kept");
      }
    }
  }

  private SyncReport sync(MemoryCluster cluster, DirectoryTarget target) {
    try (SyncEngine engine =
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(cluster.snapshotter())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .build()) {
      SyncPlan plan = engine.plan(IMAGE, target);
      return engine.run(plan);
    }
  }

  private static void scribble(MemoryDisk disk, Random random, int times) {
    for (int i = 0; i < times; i++) {
      byte[] bytes = new byte[512 * (1 + random.nextInt(300))];
      random.nextBytes(bytes);
      disk.write(random.nextInt((int) disk.size() - bytes.length), bytes);
    }
  }

  private static void assertReplicaEquals(
      MemoryDisk disk, SyncReport report, DirectoryTarget target) throws IOException {
    String name = report.disks().get(0).committed().manifest().snapshot().name();
    List<Snapshot> snapshots = disk.snapshots();
    Snapshot snapshot =
        snapshots.stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();
    assertArrayEquals(
        disk.readFully(snapshot),
        Files.readAllBytes(target.file(new ReplicaName("volumes", "disk-1"))));
  }
}
