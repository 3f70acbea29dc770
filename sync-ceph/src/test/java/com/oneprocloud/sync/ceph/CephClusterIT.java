// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The way through the module on a real cluster, as the user that only reads. */
final class CephClusterIT {
  private static final long MIB = 1 << 20;

  @RegisterExtension final Leaks leaks = new Leaks();

  private CephFixture fixture;

  @BeforeEach
  void open() {
    fixture = new CephFixture(CephLab.start());
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void readsWhatChangedBetweenTwoSnapshots() throws Exception {
    AdminImage written = fixture.create(ImageOptions.of(64 * MIB, 4 * MIB));
    byte[] first = random(5 * MIB, 1);
    byte[] second = random(MIB, 2);
    written.write(MIB, ByteBuffer.wrap(first));
    written.write(20 * MIB, ByteBuffer.wrap(second));
    written.createSnapshot("a");
    written.write(3 * MIB, ByteBuffer.wrap(second));
    written.discard(0, 2 * MIB);
    written.discard(20 * MIB, 4 * MIB);
    written.createSnapshot("b");

    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Image image = cluster.open(written.spec())) {
      Snapshot a = image.snapshot("a");
      Snapshot b = image.snapshot("b");
      assertEquals(List.of(a, b), image.snapshots());
      assertEquals(64 * MIB, b.size());

      Extents full = image.diff(null, a);
      assertEquals(0, full.within(8 * MIB, 12 * MIB).size(), full::toString);
      assertTrue(full.within(MIB, 5 * MIB).bytes(Extent.Kind.DATA) == 5 * MIB, full::toString);
      assertEquals(
          List.of(Extent.data(0, 2 * MIB), Extent.data(3 * MIB, MIB), Extent.zero(20 * MIB, MIB)),
          image.diff(a, b).stream().toList());
      assertEquals(0, image.diff(a, a).size());

      try (SnapshotReader reader = image.at(b)) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(8 << 20);
        buffer.position(17).limit(17 + (3 << 20));
        Extents ranges =
            Extents.builder()
                .add(MIB, MIB, true)
                .add(3 * MIB, MIB, false)
                .add(5 * MIB, MIB, true)
                .build();
        reader.read(ranges, buffer).get(20, TimeUnit.SECONDS);
        assertEquals(17, buffer.position());
        byte[] got = new byte[3 << 20];
        buffer.get(got);
        byte[] expected = new byte[3 << 20];
        System.arraycopy(second, 0, expected, 1 << 20, 1 << 20);
        System.arraycopy(first, 4 << 20, expected, 2 << 20, 1 << 20);
        assertArrayEquals(expected, got);
      }
    }
  }

  @Test
  void tellsWhatIsThere() {
    AdminImage plain =
        fixture.create(ImageOptions.of(8 * MIB, 1 * MIB).striped(64 << 10, 4).inDataPool());
    AdminImage hidden = fixture.create(ImageOptions.of(8 * MIB, 4 * MIB).inNamespace());
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    assertTrue(cluster.pools().contains("volumes"));
    assertTrue(cluster.images("volumes", "").contains(plain.spec().name()));
    assertTrue(cluster.images("volumes", hidden.spec().namespace()).contains(hidden.spec().name()));
    assertFalse(cluster.images("volumes", "").contains(hidden.spec().name()));
    assertTrue(cluster.description().matches("Ceph \\d+\\.\\d+.*"), cluster.description());
    try (Image image = cluster.open(plain.spec())) {
      assertEquals(cluster.find(plain.spec()).orElseThrow(), image.identity());
      assertEquals(cluster.fsid(), image.identity().cluster());
      assertEquals(64 << 10, image.layout().stripeUnit());
      assertEquals(4, image.layout().stripeCount());
      assertTrue(image.layout().dataPoolId() != image.identity().poolId());
      assertTrue(
          image.features().containsAll(List.of("layering", "striping", "data-pool")),
          image.features()::toString);
      assertTrue(image.parent().isEmpty());
    }
    assertTrue(cluster.find(fixture.missingImage()).isEmpty());
  }

  /** Buffers and callbacks of reads under way are the library's until it is done with them. */
  @Test
  void readsGoOnWhileTheGarbageIsCollected() throws Exception {
    AdminImage written = fixture.create(ImageOptions.of(64 * MIB, 4 * MIB));
    written.write(0, ByteBuffer.wrap(random(32 * MIB, 3)));
    written.createSnapshot("a");
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Image image = cluster.open(written.spec());
        SnapshotReader reader = image.at(image.snapshot("a"))) {
      for (int round = 0; round < 4; round++) {
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < 64; i++) {
          // Nobody else holds this buffer.
          reads.add(reader.read(i * (MIB / 2), ByteBuffer.allocateDirect((int) MIB)));
        }
        System.gc();
        for (CompletableFuture<Void> read : reads) {
          read.get(60, TimeUnit.SECONDS);
        }
      }
    }
  }

  /** Whoever loses the race gets an exception, and nothing is used after it was closed. */
  @Test
  void closingUnderLoadIsSafe() throws Exception {
    AdminImage written = fixture.create(ImageOptions.of(16 * MIB, MIB));
    written.write(0, ByteBuffer.wrap(random(16 * MIB, 4)));
    written.createSnapshot("a");
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      for (int round = 0; round < 8; round++) {
        CephCluster cluster = leaks.connect(fixture.readerConfig());
        CountDownLatch busy = new CountDownLatch(6);
        List<Future<Integer>> workers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
          workers.add(threads.submit(() -> workUntilClosed(cluster, written.spec(), busy)));
        }
        assertTrue(busy.await(60, TimeUnit.SECONDS));
        cluster.close();
        assertEquals(0, cluster.openHandles());
        for (Future<Integer> worker : workers) {
          assertTrue(worker.get(60, TimeUnit.SECONDS) > 0);
        }
      }
    } finally {
      threads.shutdown();
    }
  }

  private static int workUntilClosed(CephCluster cluster, ImageSpec spec, CountDownLatch busy) {
    int rounds = 0;
    try {
      while (true) {
        try (Image image = cluster.open(spec);
            SnapshotReader reader = image.at(image.snapshot("a"))) {
          CompletableFuture<Void> read = reader.read(0, ByteBuffer.allocateDirect((int) MIB));
          reader.diff(null, 0, 16 * MIB);
          read.join();
        }
        rounds++;
        busy.countDown();
      }
    } catch (IllegalStateException e) {
      assertTrue(e.getMessage().endsWith("is closed"), e::toString);
      return rounds;
    }
  }

  private static byte[] random(long length, long seed) {
    byte[] bytes = new byte[(int) length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
