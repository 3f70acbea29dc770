// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryClusterTest {
  private static final ImageSpec SPEC = ImageSpec.of("volumes", "disk");
  private static final long MIB = 1 << 20;

  private final MemoryCluster cluster =
      MemoryCluster.builder().pools("volumes").deadline(Duration.ofMillis(200)).build();
  private final MemoryDisk disk = cluster.createDisk(SPEC, 64 * MIB);

  @AfterEach
  void close() {
    cluster.close();
    assertEquals(0, cluster.openHandles());
  }

  @Test
  void diffTakesBytesFromSnapsets() {
    disk.write(4 * MIB + 10, new byte[100]);
    Snapshot a = disk.snapshot("a");
    disk.write(4 * MIB + 50, new byte[20]);
    disk.write(12 * MIB + 7, new byte[3]);
    disk.write(MIB, new byte[5]);
    Snapshot b = disk.snapshot("b");
    disk.discard(4 * MIB, 4 * MIB);
    Snapshot c = disk.snapshot("c");
    try (Image image = cluster.open(SPEC)) {
      // An object new since the base counts from its start to its size.
      assertEquals(
          List.of(
              Extent.data(0, MIB + 5), Extent.data(4 * MIB + 50, 20), Extent.data(12 * MIB, 10)),
          image.diff(a, b));
      assertEquals(List.of(Extent.zero(4 * MIB, 110)), image.diff(b, c));
      assertEquals(Extents.none(), image.diff(c, c));
      assertEquals(List.of(Extent.data(4 * MIB, 110)), image.diff(null, a));
    }
  }

  @Test
  void aThinImageOfManyTebibytesIsCheap() {
    MemoryDisk huge = cluster.createDisk(ImageSpec.of("volumes", "huge"), 50L << 40);
    for (int i = 0; i < 3000; i++) {
      huge.write(i * (16L << 30), new byte[] {1});
    }
    Snapshot a = huge.snapshot("a");
    try (Image image = cluster.open(huge.spec())) {
      assertEquals(3000, image.diff(null, a).size());
    }
  }

  @Test
  void faultsReachTheCaller() {
    byte[] bytes = {1, 2, 3, 4};
    disk.write(0, bytes);
    Snapshot a = disk.snapshot("a");
    CompletableFuture<Void> late = new CompletableFuture<>();
    cluster.faults(
        Faults.nth(Call.Kind.READ, 1, Effect::fail)
            .or(Faults.nth(Call.Kind.READ, 2, call -> Effect.shortRead(2)))
            .or(Faults.nth(Call.Kind.READ, 3, call -> Effect.startAfter(late)))
            .or(Faults.nth(Call.Kind.READ, 5, call -> Effect.flipBit(0)))
            .or(
                Faults.nth(
                    Call.Kind.READ, 6, call -> Effect.startAfter(new CompletableFuture<>()))));
    try (Image image = cluster.open(SPEC);
        SnapshotReader reader = image.at(a)) {
      assertFails(StorageException.class, reader.read(0, ByteBuffer.allocateDirect(4)));
      assertFails(StorageException.class, reader.read(0, ByteBuffer.allocateDirect(4)));
      ByteBuffer third = ByteBuffer.allocateDirect(4);
      CompletableFuture<Void> delayed = reader.read(0, third);
      ByteBuffer fourth = ByteBuffer.allocateDirect(4);
      reader.read(0, fourth).join();
      assertArrayEquals(bytes, bytes(fourth));
      assertEquals(false, delayed.isDone());
      late.complete(null);
      delayed.join();
      assertArrayEquals(bytes, bytes(third));
      ByteBuffer fifth = ByteBuffer.allocateDirect(4);
      reader.read(0, fifth).join();
      assertArrayEquals(new byte[] {0, 2, 3, 4}, bytes(fifth));
      assertFails(DeadlineException.class, reader.read(0, ByteBuffer.allocateDirect(4)));
    }
  }

  @Test
  void aStoppedClusterEndsEverythingAtTheDeadline() {
    Snapshot a = disk.snapshot("a");
    try (Image image = cluster.open(SPEC);
        SnapshotReader reader = image.at(a)) {
      cluster.stop();
      CompletableFuture<Void> read = reader.read(0, ByteBuffer.allocateDirect(4));
      assertThrows(DeadlineException.class, () -> reader.diff(null, 0, 1));
      assertThrows(DeadlineException.class, () -> cluster.open(SPEC));
      assertFails(DeadlineException.class, read);
      cluster.resume();
      reader.read(0, ByteBuffer.allocateDirect(4)).join();
    }
  }

  private static void assertFails(Class<? extends Throwable> error, CompletableFuture<Void> read) {
    CompletionException failure = assertThrows(CompletionException.class, read::join);
    assertEquals(error, failure.getCause().getClass());
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }
}
