// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.XxHash64;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every {@link SnapshotReader} keeps to: reads, and diffs that miss nothing. */
public abstract class SnapshotReaderContract extends StorageContract {
  /** For subclasses. */
  protected SnapshotReaderContract() {}

  @ParameterizedTest
  @EnumSource
  void readsWhatWasThereWhateverHappensAfter(Shape shape) {
    SplittableRandom random = new SplittableRandom(2);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("then");
      ImageModel then = made.model.copy();
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("then"))) {
        assertReads(then, reader);
        made.write(random, 0, MIB);
        made.discard(made.model.size() / 2, made.model.size() / 4);
        made.resize(made.model.size() / 3);
        assertReads(then, reader);
      }
    }
  }

  @Test
  void readsRangesOneBehindTheOther() {
    SplittableRandom random = new SplittableRandom(3);
    try (Modelled made = make(Shape.PLAIN, random)) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("one"))) {
        Extents ranges =
            Extents.builder()
                .add(5, 1000, false)
                .add(3 * MIB - 7, 2 * MIB, true)
                .add(8 * MIB, 1, false)
                .add(reader.size() - 512, 512, false)
                .build();
        int total = (int) ranges.bytes();
        ByteBuffer buffer = ByteBuffer.allocateDirect(total + 64);
        for (int i = 0; i < buffer.capacity(); i++) {
          buffer.put(i, (byte) 0x5a);
        }
        buffer.position(13).limit(total + 40);
        reader.read(ranges, buffer).join();
        assertEquals(13, buffer.position());
        assertEquals(total + 40, buffer.limit());
        buffer.clear();
        int at = 13;
        for (Extent range : ranges) {
          assertEquals(
              -1,
              made.model.mismatch(range.offset(), buffer.slice(at, (int) range.length())),
              "first byte that reads wrong");
          at += (int) range.length();
        }
        for (int i = 0; i < buffer.capacity(); i++) {
          if (i < 13 || i >= at) {
            assertEquals(0x5a, buffer.get(i), "byte " + i + " does not belong to the read");
          }
        }
        reader.read(Extents.none(), ByteBuffer.allocateDirect(0)).join();
        reader.read(0, ByteBuffer.allocateDirect(0)).join();
      }
    }
  }

  @Test
  void refusesReadsThatCannotBe() {
    try (Modelled made = make(Shape.UNEVEN, new SplittableRandom(4))) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("one"))) {
        Extents range = Extents.of(Extent.data(0, 512));
        assertThrows(
            IllegalArgumentException.class, () -> reader.read(range, ByteBuffer.allocate(512)));
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.read(range, ByteBuffer.allocateDirect(511)));
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.read(reader.size() - 511, ByteBuffer.allocateDirect(512)));
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.read(reader.size(), ByteBuffer.allocateDirect(1)));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "STRIPED", "CLONE"})
  void readsManyRangesAtATime(Shape shape) {
    SplittableRandom random = new SplittableRandom(5);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("one"))) {
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
          int length = random.nextInt(1, 256 << 10);
          long offset = random.nextLong(reader.size() - length);
          ByteBuffer buffer = ByteBuffer.allocateDirect(length);
          reads.add(
              reader
                  .read(offset, buffer)
                  .thenRun(() -> assertEquals(-1, made.model.mismatch(offset, buffer))));
        }
        CompletableFuture.allOf(reads.toArray(CompletableFuture<?>[]::new)).join();
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void digestsAreThoseOfTheBytesThatWereThere(Shape shape) {
    SplittableRandom random = new SplittableRandom(17);
    try (Modelled made = make(shape, random)) {
      // an object that ends within a block, and one that ends at the end of one
      made.write(random, made.model.size() / 2, 100);
      made.image.createSnapshot("then");
      ImageModel then = made.model.copy();
      made.write(random, 0, MIB);
      made.discard(made.model.size() / 2, made.model.size() / 4);
      made.resize(made.model.size() / 3);
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("then"))) {
        assertDigests(then, reader);
        for (int i = 0; i < 30; i++) {
          Extents.Builder ranges = Extents.builder();
          for (int n = random.nextInt(1, 8); n > 0; n--) {
            int length = random.nextInt(1, random.nextBoolean() ? 5000 : 700_000);
            ranges.add(random.nextLong(reader.size() - length), length, random.nextBoolean());
          }
          assertDigests(then, reader, ranges.build());
        }
      }
    }
  }

  @Test
  void digestsInPlaceReadNothingOfWholeObjects() {
    SplittableRandom random = new SplittableRandom(18);
    try (Modelled made = make(Shape.PLAIN, random)) {
      made.write(random, 4 * MIB, 4 * MIB);
      made.write(random, 16 * MIB, 4 * MIB);
      made.discard(12 * MIB, 4 * MIB);
      made.image.createSnapshot("one");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("one"))) {
        Extents ranges =
            Extents.builder().add(4 * MIB, 4 * MIB, false).add(12 * MIB, 8 * MIB, false).build();
        boolean inPlace = reader.digestsInPlace();
        assertEquals(
            inPlace ? 0 : ranges.bytes(), assertDigests(made.model, reader, ranges).bytesRead());
        assertEquals(0, assertDigests(made.model, reader, Extents.none()).count());
        assertEquals(inPlace, reader.digestsInPlace());
      }
    }
  }

  @Test
  void refusesDigestsThatCannotBe() {
    try (Modelled made = make(Shape.UNEVEN, new SplittableRandom(19))) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("one"))) {
        Extents range = Extents.of(Extent.data(0, 512));
        Extents beyond = Extents.of(Extent.data(reader.size() - 511, 512));
        ByteBuffer scratch = ByteBuffer.allocateDirect(BlockDigests.BLOCK);
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.digests(range, ByteBuffer.allocate(BlockDigests.BLOCK)));
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.digests(range, ByteBuffer.allocateDirect(BlockDigests.BLOCK - 1)));
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.digests(beyond, scratch).join(),
            "a range that leaves the image");
      }
    }
  }

  @Test
  void waitsForItsDigestsWhenClosed() {
    SplittableRandom random = new SplittableRandom(20);
    try (Modelled made = make(Shape.PLAIN, random)) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image)) {
        SnapshotReader reader = image.at(image.snapshot("one"));
        List<CompletableFuture<BlockDigests>> digests = new ArrayList<>();
        Extents all = Extents.of(Extent.data(0, reader.size()));
        boolean inPlace = reader.digestsInPlace();
        for (int i = 0; i < 4; i++) {
          digests.add(reader.digests(all, ByteBuffer.allocateDirect(MIB)));
        }
        reader.close();
        for (CompletableFuture<BlockDigests> digest : digests) {
          if (inPlace) {
            assertEquals(BlockDigests.count(all), digest.join().count());
          } else {
            // cut off between two reads, or not: but not left hanging
            digest.handle((done, failure) -> done).orTimeout(60, TimeUnit.SECONDS).join();
          }
        }
        assertThrows(
            IllegalStateException.class,
            () -> reader.digests(all, ByteBuffer.allocateDirect(BlockDigests.BLOCK)));
      }
    }
  }

  private static void assertDigests(ImageModel expected, SnapshotReader reader) {
    for (long at = 0; at < expected.size(); at += 4 * MIB) {
      long length = Math.min(4 * MIB, expected.size() - at);
      assertDigests(expected, reader, Extents.of(Extent.data(at, length)));
    }
  }

  private static BlockDigests assertDigests(
      ImageModel expected, SnapshotReader reader, Extents ranges) {
    BlockDigests digests = reader.digests(ranges, ByteBuffer.allocateDirect(MIB)).join();
    assertEquals(ranges, digests.ranges());
    assertEquals(BlockDigests.count(ranges), digests.count());
    BlockDigests.cut(
        ranges,
        (index, offset, length) ->
            assertEquals(
                XxHash64.of(ByteBuffer.wrap(expected.read(offset, length))),
                digests.digest(index),
                () -> "digest of " + length + " bytes at " + offset));
    return digests;
  }

  @Test
  void readsTheSameWhileAServerWrites() throws Exception {
    SplittableRandom random = new SplittableRandom(16);
    ExecutorService server = Executors.newSingleThreadExecutor();
    try (Modelled made = make(Shape.SMALL_OBJECTS, random)) {
      made.image.createSnapshot("then");
      ImageModel then = made.model.copy();
      made.write(random, MIB, 4096);
      made.image.createSnapshot("later");
      ImageModel later = made.model.copy();
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("later"))) {
        Snapshot base = image.snapshot("then");
        Extents before = reader.diff(base, 0, reader.size());
        SplittableRandom servers = random.split();
        Future<?> work =
            server.submit(
                () -> {
                  for (int i = 0; i < 60; i++) {
                    made.write(servers, servers.nextLong(MIB), servers.nextInt(1, 64 << 10));
                    made.discard(servers.nextLong(MIB), servers.nextInt(1, 128 << 10));
                  }
                });
        do {
          assertReads(later, reader);
          Extents during = reader.diff(base, 0, reader.size());
          assertEquals(before, during);
          ImageModel.checkDiff(then, later, during, 0, reader.size());
        } while (!work.isDone());
        work.get();
      }
    } finally {
      server.shutdown();
    }
  }

  @Test
  void waitsForItsReadsWhenClosed() {
    SplittableRandom random = new SplittableRandom(6);
    try (Modelled made = make(Shape.PLAIN, random)) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image)) {
        SnapshotReader reader = image.at(image.snapshot("one"));
        List<ByteBuffer> buffers = new ArrayList<>();
        List<CompletableFuture<Void>> reads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
          ByteBuffer buffer = ByteBuffer.allocateDirect(MIB);
          buffers.add(buffer);
          reads.add(reader.read((long) i * MIB, buffer));
        }
        reader.close();
        reader.close();
        // Nothing writes to the buffers any more: what is put there now stays.
        List<ByteBuffer> copies = new ArrayList<>();
        for (ByteBuffer buffer : buffers) {
          copies.add(ByteBuffer.allocateDirect(MIB).put(buffer.duplicate()).flip());
        }
        for (int i = 0; i < buffers.size(); i++) {
          reads.get(i).join();
          assertEquals(copies.get(i), buffers.get(i));
          assertEquals(-1, made.model.mismatch((long) i * MIB, buffers.get(i)));
        }
        assertThrows(
            IllegalStateException.class, () -> reader.read(0, ByteBuffer.allocateDirect(1)));
        assertThrows(IllegalStateException.class, () -> reader.diff(null, 0, 1));
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void diffsFromNothingHoldAllData(Shape shape) {
    SplittableRandom random = new SplittableRandom(7);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("one");
      try (Image image = open(made.image)) {
        assertDiff(image, null, new ImageModel(0), "one", made.model);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void diffsMissNothing(Shape shape) {
    SplittableRandom random = new SplittableRandom(8);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("a");
      ImageModel a = made.model.copy();
      long size = made.model.size();
      made.write(random, size / 5, 5000);
      made.write(random, size - 1000, 1000);
      made.discard(size / 2, size / 8);
      made.image.createSnapshot("b");
      ImageModel b = made.model.copy();
      made.image.createSnapshot("between");
      made.write(random, size / 2 + 17, 100);
      made.image.removeSnapshot("between");
      made.image.createSnapshot("c");
      try (Image image = open(made.image)) {
        assertDiff(image, "a", a, "b", b);
        assertDiff(image, "b", b, "c", made.model);
        assertDiff(image, "a", a, "c", made.model);
        assertDiff(image, "c", made.model, "c", made.model);
        assertEquals(Extents.none(), diff(image, "c", "c"));
      }
    }
  }

  @Test
  void diffsAreExactForBytesWrittenOverOthers() {
    try (Modelled made = make(Shape.PLAIN, new SplittableRandom(9))) {
      SplittableRandom random = new SplittableRandom(10);
      made.write(random, 4 * MIB, 4 * MIB);
      made.image.createSnapshot("a");
      made.write(random, 4 * MIB + 4096, 8192);
      made.write(random, 6 * MIB, 512);
      made.image.createSnapshot("b");
      made.image.createSnapshot("c");
      try (Image image = open(made.image)) {
        assertEquals(
            List.of(Extent.data(4 * MIB + 4096, 8192), Extent.data(6 * MIB, 512)),
            diff(image, "a", "b"));
        assertEquals(Extents.none(), diff(image, "b", "c"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "STRIPED", "CLONE", "STRIPED_CLONE"})
  void diffsCoverShrinkingAndGrowing(Shape shape) {
    SplittableRandom random = new SplittableRandom(11);
    try (Modelled made = make(shape, random)) {
      long size = made.model.size();
      made.write(random, size - 3 * MIB, 3 * MIB);
      made.image.createSnapshot("a");
      ImageModel a = made.model.copy();
      made.resize(size / 2 + 4096);
      made.image.createSnapshot("small");
      ImageModel small = made.model.copy();
      made.resize(size + MIB);
      made.image.createSnapshot("grown");
      ImageModel grown = made.model.copy();
      made.write(random, size - MIB, 2 * MIB);
      made.image.createSnapshot("b");
      try (Image image = open(made.image)) {
        assertDiff(image, "a", a, "small", small);
        assertDiff(image, "small", small, "grown", grown);
        assertDiff(image, "a", a, "grown", grown);
        assertDiff(image, "a", a, "b", made.model);
        assertDiff(image, "small", small, "b", made.model);
        assertDiff(image, null, new ImageModel(0), "b", made.model);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"PLAIN", "STRIPED", "CLONE", "STRIPED_CLONE"})
  void diffsCoverARollback(Shape shape) {
    SplittableRandom random = new SplittableRandom(12);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("s0");
      made.image.createSnapshot("s1");
      ImageModel s0 = made.model.copy();
      made.write(random, MIB, 2 * MIB);
      made.discard(5 * MIB, MIB);
      made.resize(made.model.size() - 2 * MIB);
      made.image.createSnapshot("base");
      ImageModel base = made.model.copy();
      made.image.rollBack("s1");
      made.image.createSnapshot("back");
      try (Image image = open(made.image)) {
        assertDiff(image, "base", base, "back", s0);
        assertDiff(image, "s0", s0, "back", s0);
        assertDiff(image, null, new ImageModel(0), "back", s0);
        try (SnapshotReader reader = image.at(image.snapshot("back"))) {
          assertReads(s0, reader);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"CLONE", "STRIPED_CLONE"})
  void diffsCoverWhatAParentShowed(Shape shape) {
    needs(Feature.CLONE);
    SplittableRandom random = new SplittableRandom(13);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("a");
      ImageModel a = made.model.copy();
      made.discard(0, 2 * MIB);
      made.image.createSnapshot("hidden");
      ImageModel hidden = made.model.copy();
      made.image.flatten();
      made.image.createSnapshot("flat");
      made.write(random, 3 * MIB, 10);
      made.image.createSnapshot("b");
      try (Image image = open(made.image)) {
        assertDiff(image, "a", a, "hidden", hidden);
        assertDiff(image, "hidden", hidden, "flat", hidden);
        assertDiff(image, "flat", hidden, "b", made.model);
        assertDiff(image, null, new ImageModel(0), "b", made.model);
        try (SnapshotReader reader = image.at(image.snapshot("a"))) {
          assertReads(a, reader);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void diffsOfRangesMakeUpTheWhole(Shape shape) {
    SplittableRandom random = new SplittableRandom(14);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("a");
      long size = made.model.size();
      made.write(random, size / 3, (int) (size / 3));
      made.discard(size / 4, size / 4);
      made.image.createSnapshot("b");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("b"))) {
        for (Snapshot base : bases(image)) {
          Extents.Builder parts = Extents.builder();
          long period = reader.layout().period();
          for (long at = 0; at < size; at += period) {
            Extents part = reader.diff(base, at, period);
            assertEquals(part, part.within(at, period));
            parts.addAll(part);
          }
          assertEquals(reader.diff(base, 0, size), parts.build());
          assertEquals(reader.diff(base, 0, size), reader.diff(base, 0, 4 * size));
        }
      }
    }
  }

  private static List<@Nullable Snapshot> bases(Image image) {
    List<@Nullable Snapshot> bases = new ArrayList<>();
    bases.add(null);
    bases.add(image.snapshot("a"));
    return bases;
  }

  @ParameterizedTest
  @EnumSource
  void diffsSeveralRangesAtOnce(Shape shape) {
    SplittableRandom random = new SplittableRandom(16);
    try (Modelled made = make(shape, random)) {
      made.image.createSnapshot("a");
      long size = made.model.size();
      made.write(random, size / 3, (int) (size / 3));
      made.discard(size / 4, size / 4);
      made.image.createSnapshot("b");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("b"))) {
        long period = reader.layout().period();
        Extents.Builder ranges = Extents.builder();
        for (long at = 0; at < size; at += period) {
          if (random.nextInt(3) > 0) {
            ranges.add(at, Math.min(period, size - at), false);
          }
        }
        Extents some = ranges.build();
        for (Snapshot base : bases(image)) {
          Extents.Builder parts = Extents.builder();
          for (Extent range : some) {
            parts.addAll(reader.diff(base, range.offset(), range.length()));
          }
          assertEquals(parts.build(), reader.diff(base, some));
          assertEquals(Extents.none(), reader.diff(base, Extents.none()));
        }
        assertThrows(
            IllegalArgumentException.class,
            () -> reader.diff(null, Extents.of(Extent.data(1, period))));
      }
    }
  }

  @Test
  void tellsWhichObjectsWereWrittenTo() {
    SplittableRandom random = new SplittableRandom(17);
    try (Modelled made = make(Shape.PLAIN, random)) {
      List<Long> all = List.of(0L, 1L, 2L, 3L, 4L, 5L);
      made.discard(0, 24 * MIB);
      made.write(random, 0, MIB);
      made.write(random, 5 * MIB, MIB);
      made.write(random, 16 * MIB, 8 * MIB);
      made.image.createSnapshot("a");
      made.image.write(5 * MIB, ByteBuffer.wrap(made.model.read(5 * MIB, MIB)));
      made.discard(16 * MIB, 4 * MIB);
      made.image.createSnapshot("b");
      made.image.createSnapshot("c");
      made.image.rollBack("b");
      made.image.createSnapshot("d");
      try (Image image = open(made.image)) {
        assertEquals(List.of(0L, 1L, 4L, 5L), written(image, null, "a", all));
        assertEquals(List.of(1L, 4L), written(image, "a", "b", all));
        assertEquals(List.of(4L), written(image, "a", "b", List.of(5L, 4L, 3L, 0L)));
        assertEquals(List.of(), written(image, "b", "b", all));
        assertEquals(List.of(), written(image, "b", "c", all));
        assertEquals(List.of(0L, 1L, 5L), written(image, "c", "d", all), "rolled back");
        assertEquals(List.of(0L, 1L, 5L), written(image, null, "d", all));
        Snapshot gone = image.snapshot("b");
        assertThrows(
            IllegalArgumentException.class, () -> written(image, "d", "c", all), "newer base");
        try (SnapshotReader reader = image.at(image.snapshot("d"))) {
          made.image.removeSnapshot("b");
          assertThrows(NotFoundException.class, () -> reader.writtenSince(gone, all));
        }
      }
    }
  }

  private static List<Long> written(
      Image image, @Nullable String base, String end, List<Long> objects) {
    try (SnapshotReader reader = image.at(image.snapshot(end))) {
      return reader.writtenSince(base == null ? null : image.snapshot(base), objects);
    }
  }

  @Test
  void refusesDiffsThatCannotBe() {
    try (Modelled made = make(Shape.PLAIN, new SplittableRandom(15))) {
      made.image.createSnapshot("old");
      made.image.createSnapshot("a");
      made.image.createSnapshot("b");
      try (Image image = open(made.image);
          SnapshotReader reader = image.at(image.snapshot("a"))) {
        Snapshot old = image.snapshot("old");
        Snapshot newer = image.snapshot("b");
        assertThrows(IllegalArgumentException.class, () -> reader.diff(newer, 0, MIB));
        assertThrows(IllegalArgumentException.class, () -> reader.diff(null, 512, MIB));
        assertThrows(IllegalArgumentException.class, () -> reader.diff(null, -4 * MIB, MIB));
        assertEquals(Extents.none(), reader.diff(null, reader.size(), MIB));
        made.image.removeSnapshot("old");
        assertThrows(NotFoundException.class, () -> reader.diff(old, 0, MIB));
        made.image.createSnapshot("old");
        assertThrows(NotFoundException.class, () -> reader.diff(old, 0, MIB));
      }
    }
  }

  /**
   * Random work on images of random shape; after every few steps a point, its diff against three
   * bases, and all bytes of it.
   */
  @Test
  void survivesARandomWorkload() {
    long seed = RandomWorkload.seed();
    int steps = RandomWorkload.steps(60);
    int runs = RandomWorkload.runs(3);
    int diffs = 0;
    for (int run = 0; run < runs; run++) {
      diffs += randomWorkload(seed + run, steps, 8 * MIB, 24 * MIB);
    }
    System.out.printf(
        Locale.ROOT,
        "random workload: %d runs of %d steps from seed %d on, %d diffs, none missed a byte%n",
        runs,
        steps,
        seed,
        diffs);
  }

  /**
   * Runs a random workload and checks a point of it after every few steps.
   *
   * @param seed what it does
   * @param steps how many things it does
   * @param smallest bytes of the smallest image it may begin with
   * @param largest bytes beyond which the image never grows
   * @return how many diffs were checked
   */
  protected final int randomWorkload(long seed, int steps, long smallest, long largest) {
    int checked = 0;
    try (RandomWorkload workload = RandomWorkload.on(fixture(), seed, smallest, largest);
        Image image = cluster().open(workload.image());
        Snapshotter snapshotter = fixture().snapshotter()) {
      List<Snapshot> points = new ArrayList<>();
      int done = 0;
      for (int number = 1; done < steps; number++) {
        for (int n = workload.random().nextInt(1, 4); n > 0; n--) {
          step(workload);
          done++;
        }
        Snapshot point = snapshotter.create(workload.image(), "point-" + number);
        workload.snapshotTaken(point.name());
        points.add(point);
        checked += check(workload, image, points);
        if (points.size() > 4) {
          Snapshot gone = points.remove(workload.random().nextInt(points.size() - 1));
          snapshotter.remove(workload.image(), gone);
          workload.snapshotRemoved(gone.name());
        }
      }
    }
    return checked;
  }

  private static void step(RandomWorkload workload) {
    try {
      workload.step();
    } catch (RuntimeException e) {
      throw workload.failed(e);
    }
  }

  private static int check(RandomWorkload workload, Image image, List<Snapshot> points) {
    Snapshot point = points.get(points.size() - 1);
    ImageModel expected = workload.at(point.name());
    int checked = 0;
    try (SnapshotReader reader = image.at(point)) {
      assertReads(expected, reader);
      assertDigests(expected, reader);
      Extents all = reader.diff(null, 0, reader.size());
      ImageModel.checkDiff(new ImageModel(0), expected, all, 0, reader.size());
      checked++;
      for (int i = Math.max(0, points.size() - 3); i < points.size() - 1; i++) {
        Snapshot base = points.get(i);
        Extents diff = reader.diff(base, 0, reader.size());
        ImageModel.checkDiff(workload.at(base.name()), expected, diff, 0, reader.size());
        checked++;
      }
    } catch (AssertionError | RuntimeException e) {
      throw workload.failed(e);
    }
    return checked;
  }

  private static Extents diff(Image image, @Nullable String base, String end) {
    return image.diff(base == null ? null : image.snapshot(base), image.snapshot(end));
  }

  private static void assertDiff(
      Image image, @Nullable String base, ImageModel before, String end, ImageModel after) {
    Extents diff = diff(image, base, end);
    ImageModel.checkDiff(before, after, diff, 0, after.size());
    if (base == null) {
      assertTrue(diff.bytes() <= after.size());
    }
  }
}
