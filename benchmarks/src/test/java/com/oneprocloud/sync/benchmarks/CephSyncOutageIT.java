// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real cluster that stops in the middle of a run. */
@Timeout(180)
class CephSyncOutageIT {
  private static final int SIZE = 256 << 20;

  private static CephLab lab;

  @TempDir Path folder;

  @BeforeAll
  static void bringUp() {
    lab = CephLab.startSeparate("sync-outage", 26000);
  }

  @AfterAll
  static void wipe() {
    if (lab != null) {
      lab.wipe();
    }
  }

  @Test
  void theRunEndsWithinTheDeadlineAndTheNextOneGoesOnWhereItStopped() throws IOException {
    try (CephFixture fixture = new CephFixture(lab)) {
      WritableImage made = fixture.create(ImageOptions.of(SIZE, 4 << 20));
      byte[] data = new byte[SIZE];
      new SplittableRandom(1).nextBytes(data);
      made.write(0, ByteBuffer.wrap(data));
      DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
      CephConfig reader =
          fixture.readerConfig().toBuilder().operationDeadline(Duration.ofSeconds(3)).build();
      try {
        try (CephCluster cluster = CephCluster.connect(reader);
            CephSnapshotter snapshotter = CephSnapshotter.connect(fixture.snapshotterConfig());
            SyncEngine engine = engine(cluster, snapshotter)) {
          SyncPlan plan = engine.plan(made.spec(), target);
          SyncException stopped =
              assertThrows(DeadlineException.class, () -> engine.run(plan, new StopInTheMiddle()));
          assertTrue(stopped.advice().isPresent() || stopped.because().isPresent());
        }
      } finally {
        lab.resume();
      }
      try (CephCluster cluster = CephCluster.connect(reader);
          CephSnapshotter snapshotter = CephSnapshotter.connect(fixture.snapshotterConfig());
          SyncEngine engine = engine(cluster, snapshotter)) {
        SyncPlan plan = engine.plan(made.spec(), target);
        assertTrue(plan.resumes());
        DiskReport disk = engine.run(plan).disks().get(0);
        assertEquals(VerdictReason.RUN_RESUMED, disk.reason());
        assertTrue(disk.resumedAt() > 0, disk.toString());
        assertTrue(disk.bytesRead() < SIZE, disk.toString());
        assertArrayEquals(
            data, Files.readAllBytes(target.file(plan.disks().get(0).chain().replica())));
      }
    }
  }

  private SyncEngine engine(CephCluster cluster, CephSnapshotter snapshotter) {
    return SyncEngine.builder()
        .storage(cluster)
        .snapshotter(snapshotter)
        .chains(DirectoryChainStore.at(folder.resolve("chains")))
        // little in flight, so that the cluster stops before everything was asked for
        .settings(EngineSettings.defaults().withBytesInFlight(4 << 20))
        .build();
  }

  /** Stops the cluster when an eighth of the image was moved. */
  private static final class StopInTheMiddle implements SyncListener {
    private boolean stopped;

    @Override
    public void progressed(DiskPlan disk, DiskProgress progress) {
      if (!stopped && progress.phase() == Phase.TRANSFER && progress.bytesMoved() >= SIZE / 8) {
        stopped = true;
        lab.pause();
      }
    }
  }
}
