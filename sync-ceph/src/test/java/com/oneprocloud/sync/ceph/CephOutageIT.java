// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A cluster of its own that freezes in the middle: errors within the deadline, nothing hangs, and
 * afterwards all goes on.
 */
@Timeout(120)
final class CephOutageIT {
  private static final int MIB = 1 << 20;
  private static final long SIZE = 64L * MIB;

  private static CephLab lab;

  @RegisterExtension final Leaks leaks = new Leaks();

  private CephFixture fixture;
  private AdminImage made;
  private byte[] data;

  @BeforeAll
  static void up() {
    lab = CephLab.startSeparate("ceph-outage", 25800);
  }

  @AfterAll
  static void wipe() {
    if (lab != null) {
      lab.wipe();
    }
  }

  @BeforeEach
  void open() {
    fixture = new CephFixture(lab);
    made = fixture.create(ImageOptions.of(SIZE, 64 << 10));
    data = new byte[(int) SIZE];
    new SplittableRandom(1).nextBytes(data);
    made.write(0, ByteBuffer.wrap(data));
    made.createSnapshot("one");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private CephConfig config() {
    return fixture.readerConfig().toBuilder().operationDeadline(Duration.ofSeconds(2)).build();
  }

  @Test
  void readsFailWithinTheirDeadlineAndGoOnAfterwards() throws Exception {
    CephCluster cluster = leaks.connect(config());
    try (Image image = cluster.open(made.spec());
        SnapshotReader reader = image.at(image.snapshot("one"))) {
      assertReads(reader);
      lab.pause();
      try {
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
          reads.add(reader.read((long) i * MIB, ByteBuffer.allocateDirect(MIB)));
        }
        for (CompletableFuture<Void> read : reads) {
          ExecutionException failed =
              assertThrows(ExecutionException.class, () -> read.get(20, TimeUnit.SECONDS));
          DeadlineException late = assertInstanceOf(DeadlineException.class, failed.getCause());
          assertTrue(late.getMessage().contains(made.spec() + "@one ["), late.getMessage());
          assertEquals("ETIMEDOUT", late.code().orElseThrow());
        }
      } finally {
        lab.resume();
      }
      assertReads(reader);
    }
  }

  @Test
  void aFreezeInTheMiddleOfReadingIsAnErrorOrRightBytes() throws Exception {
    CephCluster cluster = leaks.connect(config());
    try (Image image = cluster.open(made.spec());
        SnapshotReader reader = image.at(image.snapshot("one"))) {
      AtomicBoolean stop = new AtomicBoolean();
      CompletableFuture<Integer> failures =
          CompletableFuture.supplyAsync(() -> readOn(reader, stop));
      lab.pause();
      try {
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(4));
      } finally {
        lab.resume();
      }
      stop.set(true);
      assertTrue(failures.get(60, TimeUnit.SECONDS) > 0, "no read failed");
      assertReads(reader);
    }
  }

  /** Reads, 8 at a time; those that do not fail are right. */
  private int readOn(SnapshotReader reader, AtomicBoolean stop) {
    SplittableRandom random = new SplittableRandom(2);
    int failures = 0;
    while (!stop.get()) {
      List<Long> offsets = new ArrayList<>();
      List<ByteBuffer> buffers = new ArrayList<>();
      List<CompletableFuture<Void>> reads = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(256 << 10);
        long offset = random.nextLong(SIZE - buffer.capacity());
        offsets.add(offset);
        buffers.add(buffer);
        reads.add(reader.read(offset, buffer));
      }
      for (int i = 0; i < reads.size(); i++) {
        try {
          reads.get(i).get(20, TimeUnit.SECONDS);
          assertEquals(
              -1,
              ByteBuffer.wrap(data, offsets.get(i).intValue(), 256 << 10).mismatch(buffers.get(i)));
        } catch (ExecutionException e) {
          assertInstanceOf(DeadlineException.class, e.getCause());
          failures++;
        } catch (Exception e) {
          throw new AssertionError("a read hangs", e);
        }
      }
    }
    return failures;
  }

  @Test
  void diffsFailWithinTheirDeadlineAndGoOnAfterwards() {
    CephCluster cluster = leaks.connect(config());
    try (Image image = cluster.open(made.spec());
        SnapshotReader reader = image.at(image.snapshot("one"))) {
      Extents whole = reader.diff(null, 0, SIZE);
      lab.pause();
      try {
        DeadlineException late =
            assertThrows(DeadlineException.class, () -> reader.diff(null, 0, SIZE));
        assertTrue(late.getMessage().contains(made.spec() + "@one"), late.getMessage());
      } finally {
        lab.resume();
      }
      assertEquals(whole, reader.diff(null, 0, SIZE));
    }
  }

  @Test
  void everyCallEndsWithinItsDeadline() {
    CephCluster cluster = leaks.connect(config());
    try (Image image = cluster.open(made.spec())) {
      Snapshot one = image.snapshot("one");
      lab.pause();
      try {
        assertThrows(DeadlineException.class, image::snapshots);
        assertThrows(DeadlineException.class, () -> image.at(one));
        assertThrows(DeadlineException.class, () -> cluster.open(made.spec()));
        assertThrows(DeadlineException.class, () -> cluster.find(made.spec()));
        assertThrows(DeadlineException.class, () -> cluster.images("volumes", ""));
        assertThrows(
            DeadlineException.class,
            () ->
                leaks.connect(config().toBuilder().connectDeadline(Duration.ofSeconds(2)).build()));
        assertTrue(cluster.description().contains("unknown version"), cluster::description);
      } finally {
        lab.resume();
      }
      assertEquals(List.of(one), image.snapshots());
    }
  }

  @Test
  void closingDoesNotHang() {
    CephCluster cluster = leaks.connect(config());
    Image image = cluster.open(made.spec());
    SnapshotReader reader = image.at(image.snapshot("one"));
    CompletableFuture<Void> read;
    lab.pause();
    try {
      read = reader.read(0, ByteBuffer.allocateDirect(MIB));
      cluster.close();
    } finally {
      lab.resume();
    }
    assertTrue(read.isDone());
  }

  /** With the library's own time-outs switched off it hangs, as some releases do in places. */
  @Test
  void aLibraryThatHangsIsLeftBehindUntilItComesBack() {
    CephConfig hanging =
        config().toBuilder()
            .option("rados_osd_op_timeout", "0")
            .option("rados_mon_op_timeout", "0")
            .build();
    CephCluster cluster = leaks.connect(hanging);
    CephCluster other = leaks.connect(hanging);
    lab.pause();
    try {
      DeadlineException late =
          assertThrows(DeadlineException.class, () -> cluster.open(made.spec()));
      assertTrue(late.getMessage().contains("still inside the Ceph library"), late.getMessage());
      assertThrows(DeadlineException.class, () -> other.open(made.spec()));
      assertEquals(1, cluster.lostCalls());
      other.close();
      assertTrue(other.openHandles() > 0, "a handle was closed under a call");
      assertThrows(IllegalStateException.class, () -> other.open(made.spec()));
    } finally {
      lab.resume();
    }
    try (Image image = cluster.open(made.spec())) {
      assertEquals(1, image.snapshots().size());
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (cluster.lostCalls() + other.lostCalls() + other.openHandles() > 0
        && System.nanoTime() < end) {
      LockSupport.parkNanos(1_000_000);
    }
    assertEquals(0, cluster.lostCalls());
    assertEquals(0, other.openHandles());
  }

  private void assertReads(SnapshotReader reader) throws Exception {
    ByteBuffer buffer = ByteBuffer.allocateDirect((int) SIZE);
    reader.read(0, buffer).get(60, TimeUnit.SECONDS);
    assertEquals(-1, ByteBuffer.wrap(data).mismatch(buffer));
  }
}
