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
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A real cluster that stops, loses a daemon or is cut off in the middle of a run. */
@Timeout(240)
class CephSyncOutageIT {
  private static final int SIZE = 128 << 20;

  /** So short that an outage outlasts it, and so long that none of a moment's length does. */
  private static final Duration SHORT = Duration.ofSeconds(3);

  private static final Duration LONG = Duration.ofSeconds(150);

  private static CephLab lab;

  @TempDir Path folder;

  private CephFixture fixture;
  private WritableImage image;
  private byte[] data;

  /** What befalls the cluster. */
  enum Outage {
    FROZEN {
      @Override
      void begin() {
        lab.pause();
      }

      @Override
      void end() {
        lab.resume();
      }
    },
    OSD_KILLED {
      @Override
      void begin() {
        lab.kill("osd.0");
      }

      @Override
      void end() {
        lab.startOsd(0);
      }
    },
    CUT_OFF {
      @Override
      void begin() {
        lab.cut();
      }

      @Override
      void end() {
        lab.heal();
      }
    };

    abstract void begin();

    abstract void end();
  }

  @BeforeAll
  static void bringUp() {
    lab = CephLab.startSeparateNetwork("sync-outage", 26000);
  }

  @AfterAll
  static void wipe() {
    if (lab != null) {
      lab.wipe();
    }
  }

  @BeforeEach
  void makeImage() {
    fixture = new CephFixture(lab);
    image = fixture.create(ImageOptions.of(SIZE, 4 << 20));
    data = new byte[SIZE];
    new SplittableRandom(1).nextBytes(data);
    image.write(0, ByteBuffer.wrap(data));
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @ParameterizedTest
  @EnumSource
  void theRunEndsWithinTheDeadlineAndTheNextOneGoesOnWhereItStopped(Outage outage)
      throws IOException {
    try {
      DeadlineException stopped =
          assertThrows(DeadlineException.class, () -> run(SHORT, new InTheMiddle(outage::begin)));
      assertTrue(stopped.advice().isPresent() || stopped.because().isPresent());
    } finally {
      outage.end();
    }
    DiskReport disk = run(LONG, SyncListener.NONE);
    assertEquals(VerdictReason.RUN_RESUMED, disk.reason());
    assertTrue(disk.resumedAt() > 0, disk.toString());
    assertTrue(disk.bytesRead() < SIZE, disk.toString());
    assertEqual(disk);
  }

  @ParameterizedTest
  @EnumSource
  void anOutageThatIsShorterThanTheDeadlineIsSatOut(Outage outage) throws IOException {
    DiskReport disk =
        run(
            LONG,
            new InTheMiddle(
                () -> {
                  try {
                    outage.begin();
                  } finally {
                    outage.end();
                  }
                }));
    assertEquals(VerdictReason.FIRST_POINT, disk.reason());
    assertEqual(disk);
  }

  @Test
  void withoutItsMonitorTheRunEndsOneWayOrTheOther() throws IOException {
    try {
      run(SHORT, new InTheMiddle(() -> lab.kill("mon.a")));
    } catch (SyncException e) {
      // what reads from OSDs alone goes on; which calls need a monitor is the client's business
      assertTrue(e.advice().isPresent() || e.because().isPresent(), e::toString);
    } finally {
      lab.startDaemon("mon.a");
    }
    assertEqual(run(LONG, SyncListener.NONE));
  }

  private DiskReport run(Duration deadline, SyncListener listener) {
    CephConfig reader = fixture.readerConfig().toBuilder().operationDeadline(deadline).build();
    CephConfig writer = fixture.snapshotterConfig().toBuilder().operationDeadline(deadline).build();
    try (CephCluster cluster = CephCluster.connect(reader);
        CephSnapshotter snapshotter = CephSnapshotter.connect(writer);
        SyncEngine engine =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(DirectoryChainStore.at(folder.resolve("chains")))
                // little in flight, so that the cluster stops before everything was asked for
                .settings(EngineSettings.defaults().withBytesInFlight(4 << 20))
                .build()) {
      SyncPlan plan = engine.plan(image.spec(), target());
      return engine.run(plan, listener).disks().get(0);
    }
  }

  private DirectoryTarget target() {
    return DirectoryTarget.at(folder.resolve("replicas"));
  }

  private void assertEqual(DiskReport disk) throws IOException {
    assertArrayEquals(data, Files.readAllBytes(target().file(disk.plan().chain().replica())));
    List<String> own =
        lab.rbd("snap", "ls", image.spec().toString())
            .lines()
            .filter(it -> it.contains("sync."))
            .toList();
    assertTrue(own.size() <= 2, own::toString);
  }

  /** Does something once, when an eighth of the image was moved. */
  private static final class InTheMiddle implements SyncListener {
    private final Runnable what;
    private boolean done;

    InTheMiddle(Runnable what) {
      this.what = what;
    }

    @Override
    public void progressed(DiskPlan disk, DiskProgress progress) {
      if (!done && progress.phase() == Phase.TRANSFER && progress.bytesMoved() >= SIZE / 8) {
        done = true;
        what.run();
      }
    }
  }
}
