// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class BlockDigestsTest {
  private static final int BLOCK = BlockDigests.BLOCK;
  private static final Extents RANGES =
      Extents.builder()
          .add(10, 20, false)
          .add(BLOCK - 1, 1, true)
          .add(BLOCK, 1, false)
          .add(3L * BLOCK, 2L * BLOCK + 5, false)
          .build();

  @Test
  void rangesAreCutAtMultiplesOfABlock() {
    List<String> blocks = new ArrayList<>();
    BlockDigests.cut(
        RANGES, (index, offset, length) -> blocks.add(index + ":" + offset + "+" + length));
    assertEquals(
        List.of(
            "0:10+20", "1:65535+1", "2:65536+1", "3:196608+65536", "4:262144+65536", "5:327680+5"),
        blocks);
    assertEquals(6, BlockDigests.count(RANGES));
    assertEquals(0, BlockDigests.count(Extents.none()));
    Extents touching =
        Extents.builder()
            .add(0, 5, false)
            .add(5, 5, true)
            .add(10, BLOCK, false)
            .add(BLOCK + 10, 2L * BLOCK - 10, true)
            .build();
    assertEquals(3, BlockDigests.count(touching));
  }

  @Test
  void eachBlockHasTheDigestOfItsBytes() {
    ByteBuffer data = random((int) RANGES.bytes() + 3).position(3);
    BlockDigests digests = BlockDigests.of(RANGES, data);
    assertEquals(6, digests.count());
    assertEquals(XxHash64.of(data, 3, 20), digests.digest(0));
    assertEquals(XxHash64.of(data, 24, 1), digests.digest(2));
    assertEquals(XxHash64.of(data, 25 + 2 * BLOCK, 5), digests.digest(5));
    assertEquals(0, digests.bytesRead());
  }

  @Test
  void zerosHaveTheDigestOfZeros() {
    for (int length : new int[] {1, 31, 512, 4096, BLOCK - 1, BLOCK}) {
      assertEquals(XxHash64.of(ByteBuffer.allocate(length)), BlockDigests.ofZeros(length));
    }
  }

  @Test
  void differingBlocksAreNamed() {
    ByteBuffer data = random((int) RANGES.bytes());
    BlockDigests before = BlockDigests.of(RANGES, data);
    assertEquals(Extents.none(), before.differing(BlockDigests.of(RANGES, data)));
    data.put(0, (byte) ~data.get(0));
    data.put(22 + BLOCK, (byte) ~data.get(22 + BLOCK));
    data.put(data.limit() - 1, (byte) ~data.get(data.limit() - 1));
    assertEquals(
        Extents.builder().add(10, 20, false).add(4L * BLOCK, BLOCK + 5, false).build(),
        before.differing(BlockDigests.of(RANGES, data)));
    BlockDigests other = BlockDigests.of(Extents.none(), data);
    assertThrows(IllegalArgumentException.class, () -> before.differing(other));
  }

  @Test
  void readingGivesTheSameWhateverMemoryThereIs() {
    ByteBuffer image = random(8 * BLOCK);
    for (int memory : new int[] {BLOCK, BLOCK + 1, 3 * BLOCK, 9 * BLOCK}) {
      for (boolean late : new boolean[] {false, true}) {
        ByteBuffer scratch = ByteBuffer.allocateDirect(memory + 9).position(9);
        BlockDigests digests =
            BlockDigests.reading(RANGES, scratch, (ranges, into) -> read(image, ranges, into, late))
                .join();
        ByteBuffer all = ByteBuffer.allocateDirect((int) RANGES.bytes());
        read(image, RANGES, all, false).join();
        BlockDigests expected = BlockDigests.of(RANGES, all);
        assertEquals(Extents.none(), expected.differing(digests));
        assertEquals(RANGES.bytes(), digests.bytesRead());
        assertEquals(9, scratch.position());
      }
    }
  }

  @Test
  void aReadThatFailsFailsTheDigests() {
    ByteBuffer scratch = ByteBuffer.allocateDirect(BLOCK);
    RuntimeException failure = new IllegalStateException("failed");
    for (BlockDigests.Reader reader :
        List.<BlockDigests.Reader>of(
            (ranges, into) -> CompletableFuture.failedFuture(failure),
            (ranges, into) ->
                CompletableFuture.supplyAsync(
                    () -> {
                      throw failure;
                    }))) {
      CompletionException thrown =
          assertThrows(
              CompletionException.class,
              () -> BlockDigests.reading(RANGES, scratch, reader).join());
      Throwable cause = thrown.getCause();
      assertTrue(cause == failure, () -> "cause: " + cause);
    }
    BlockDigests.Reader refusing =
        (ranges, into) -> {
          throw failure;
        };
    assertThrows(
        IllegalStateException.class, () -> BlockDigests.reading(RANGES, scratch, refusing));
  }

  @Test
  void refusesMemoryThatCannotHoldABlock() {
    for (ByteBuffer scratch :
        List.of(ByteBuffer.allocate(BLOCK), ByteBuffer.allocateDirect(BLOCK).position(1))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> BlockDigests.reading(RANGES, scratch, (ranges, into) -> new CompletableFuture<>()));
    }
    assertThrows(IllegalArgumentException.class, () -> new BlockDigests(RANGES, new long[5], 0));
  }

  private static CompletableFuture<Void> read(
      ByteBuffer image, Extents ranges, ByteBuffer into, boolean late) {
    Runnable body =
        () -> {
          ByteBuffer target = into.duplicate();
          for (Extent range : ranges) {
            target.put(image.slice((int) range.offset(), (int) range.length()));
          }
        };
    if (late) {
      return CompletableFuture.runAsync(body);
    }
    body.run();
    return CompletableFuture.completedFuture(null);
  }

  private static ByteBuffer random(int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(1).nextBytes(bytes);
    return ByteBuffer.wrap(bytes);
  }
}
