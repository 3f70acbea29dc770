// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.RateLimit;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.figures.EngineMeter;
import com.oneprocloud.sync.engine.internal.schedule.Lane;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.HeldReplica;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DifferingBlocksTest {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk-1");
  private static final int BLOCK = BlockDigests.BLOCK;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes of buffers out", this::bytesOut);

  private final BufferPool buffers = new BufferPool(1 << 20);
  private final ExecutorService workers = Executors.newFixedThreadPool(2);
  private final AtomicBoolean over = new AtomicBoolean();
  private final EngineMeter meter = new EngineMeter(System::nanoTime);

  private long bytesOut() {
    return buffers.bytesOut();
  }

  @AfterEach
  void close() {
    workers.shutdown();
  }

  /** Ranges that are known. */
  private static final class Given implements RangeSource {
    private final Iterator<Range> ranges;
    boolean closed;

    Given(List<Range> ranges) {
      this.ranges = ranges.iterator();
    }

    @Override
    public boolean hasNext() {
      return ranges.hasNext();
    }

    @Override
    public Range next() {
      return ranges.next();
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private DifferingBlocks differing(
      RangeSource source, SnapshotReader reader, Replica replica, long start, Suspects suspects) {
    return new DifferingBlocks(
        source,
        reader,
        Held.of(replica),
        start,
        suspects,
        new DifferingBlocks.Means(
            buffers.allotment(), workers, 8, Pace.unlimited(), over::get, meter));
  }

  /** An image with one snapshot of some bytes. */
  private static final class Stored implements AutoCloseable {
    final MemoryCluster cluster;
    final SnapshotReader reader;

    Stored(MemoryCluster.Builder builder, byte[] bytes, int objectSize) {
      cluster = builder.pools("volumes").build();
      MemoryDisk disk = cluster.newDisk(IMAGE).size(bytes.length).objectSize(objectSize).create();
      disk.write(0, bytes);
      disk.snapshot("s");
      reader = cluster.open(IMAGE).at(disk.snapshots().get(0));
    }

    @Override
    public void close() {
      reader.close();
      cluster.close();
    }
  }

  @Test
  void handsOnTheBlocksThatDifferAndSaysWhatElseItCovers() throws Exception {
    long seed = RandomWorkload.seed();
    System.out.println("differing blocks with -Dsync.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 40 * RandomWorkload.runs(1); round++) {
      int size = random.nextInt(1, 12 << 20);
      byte[] source = new byte[size];
      random.nextBytes(source);
      byte[] held = source.clone();
      for (int n = random.nextInt(60); n > 0; n--) {
        held[random.nextInt(size)] ^= (byte) random.nextInt(3);
      }
      List<RangeSource.Range> ranges = ranges(random, size);
      int objectSize = 4096 << random.nextInt(11);
      long start = random.nextBoolean() ? 0 : random.nextInt(size);
      try (Stored stored = new Stored(MemoryCluster.builder(), source, objectSize)) {
        check(stored.reader, source, held, ranges, start);
      }
    }
  }

  private void check(
      SnapshotReader reader, byte[] source, byte[] held, List<RangeSource.Range> ranges, long start)
      throws InterruptedException {
    Extents.Builder given = Extents.builder();
    ranges.forEach(range -> given.addAll(range.extents()));
    Extents.Builder covered = Extents.builder();
    long end = 0;
    long equal = 0;
    Suspects suspects = new Suspects();
    DifferingBlocks blocks =
        differing(new Given(ranges), reader, new HeldReplica(held), start, suspects);
    try (blocks) {
      while (blocks.hasNext()) {
        RangeSource.Range range = blocks.next();
        covered.addAll(range.covers());
        assertTrue(range.end() >= end, "ranges ascend");
        for (Extent extent : range.covers()) {
          assertTrue(extent.offset() >= end && extent.end() <= range.end(), "within the range");
        }
        assertTrue(range.covers().size() <= Pieces.MOST_EXTENTS);
        assertTrue(range.covers().bytes(Extent.Kind.DATA) <= Pieces.MOST_BYTES);
        assertEquals(expected(range.covers(), source, held, start), range.extents());
        equal += range.spared();
        end = range.end();
      }
      assertEquals(equal, blocks.bytesEqual());
      assertEquals(
          given.build().within(start, source.length).bytes(Extent.Kind.DATA),
          blocks.bytesDigested());
    }
    assertEquals(given.build(), covered.build());
    assertEquals(ranges.get(ranges.size() - 1).end(), end);
    assertEquals(0, buffers.bytesOut());
  }

  /** What is to be handed on of a piece. */
  private static Extents expected(Extents piece, byte[] source, byte[] held, long start) {
    Extents.Builder left = Extents.builder();
    Extents.Builder data = Extents.builder();
    for (Extent extent : piece) {
      if (extent.kind() == Extent.Kind.ZERO) {
        left.add(extent);
      } else {
        long from = Math.max(start, extent.offset());
        left.add(extent.offset(), Math.min(extent.end(), from) - extent.offset(), false);
        data.add(from, Math.max(0, extent.end() - from), false);
      }
    }
    BlockDigests.cut(
        data.build(),
        (index, offset, length) -> {
          int at = (int) offset;
          if (!Arrays.equals(source, at, at + length, held, at, at + length)) {
            left.add(offset, length, false);
          }
        });
    return left.build();
  }

  private static List<RangeSource.Range> ranges(SplittableRandom random, int size) {
    List<RangeSource.Range> ranges = new ArrayList<>();
    boolean large = random.nextBoolean();
    int at = 0;
    while (at < size) {
      int end = Math.min(size, at + random.nextInt(1, 6 << 20));
      Extents.Builder extents = Extents.builder();
      int offset = at;
      while (offset < end) {
        int length = Math.min(end - offset, random.nextInt(1, large ? 3 << 20 : 10_000));
        if (random.nextInt(3) > 0) {
          extents.add(offset, length, random.nextInt(3) == 0);
        }
        offset += length;
      }
      ranges.add(new RangeSource.Range(extents.build(), end));
      at = end;
    }
    return ranges;
  }

  private static RangeSource.Range all(int size) {
    return new RangeSource.Range(Extents.of(Extent.data(0, size)), size);
  }

  @Test
  void handsOnEverythingWhereTheStorageWorksOutNoDigests() throws Exception {
    byte[] bytes = new byte[10 * BLOCK];
    try (Stored stored = new Stored(MemoryCluster.builder().withoutDigests(), bytes, BLOCK)) {
      DifferingBlocks blocks =
          differing(
              new Given(List.of(all(bytes.length))),
              stored.reader,
              new HeldReplica(bytes),
              0,
              new Suspects());
      try (blocks) {
        Extents.Builder handedOn = Extents.builder();
        while (blocks.hasNext()) {
          handedOn.addAll(blocks.next().extents());
        }
        assertEquals(all(bytes.length).extents(), handedOn.build());
        assertEquals(0, blocks.bytesDigested() + blocks.bytesRead() + blocks.bytesEqual());
      }
    }
  }

  @Test
  void aDigestThatFailsIsTheCauseAndTheMemoryComesBack() throws Exception {
    byte[] bytes = new byte[32 * BLOCK];
    try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
      stored.cluster.faults(Faults.nth(Call.Kind.DIGEST, 3, Effect::fail));
      Given given = new Given(List.of(all(bytes.length)));
      DifferingBlocks blocks =
          differing(given, stored.reader, new HeldReplica(bytes), 0, new Suspects());
      try (blocks) {
        blocks.next();
        assertThrows(
            StorageException.class,
            () -> {
              while (blocks.hasNext()) {
                blocks.next();
              }
            });
        assertThrows(
            StorageException.class, blocks::next, "a piece that failed is not passed over");
      }
      assertTrue(given.closed);
      assertEquals(0, buffers.bytesOut());
    }
  }

  @Test
  void whatAReadOfTheReplicaThrowsIsTheCauseAndTheMemoryComesBack() throws Exception {
    byte[] bytes = new byte[32 * BLOCK];
    for (Throwable thrown : List.of(new IllegalStateException("read"), new LinkageError("read"))) {
      Replica broken =
          new BrokenReplica(
              bytes,
              offset -> {
                if (offset == 20L * BLOCK) {
                  throwIt(thrown);
                }
              });
      try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
        DifferingBlocks blocks =
            differing(
                new Given(List.of(all(bytes.length))), stored.reader, broken, 0, new Suspects());
        try (blocks) {
          assertSame(
              thrown,
              assertThrows(
                  Throwable.class,
                  () -> {
                    while (blocks.hasNext()) {
                      blocks.next();
                    }
                  }));
        }
        assertEquals(0, buffers.bytesOut());
      }
    }
  }

  private static void throwIt(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    throw (Error) thrown;
  }

  /** A replica whose reads are looked at first. */
  private static final class BrokenReplica extends HeldReplica {
    private final LongConsumer look;

    BrokenReplica(byte[] bytes, LongConsumer look) {
      super(bytes);
      this.look = look;
    }

    @Override
    public void read(long offset, ByteBuffer into) {
      look.accept(offset);
      super.read(offset, into);
    }
  }

  @Test
  void workersThatEndedMeanwhileAreAFailure() throws Exception {
    byte[] bytes = new byte[8 * BLOCK];
    workers.shutdown();
    try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
      DifferingBlocks blocks =
          differing(
              new Given(List.of(all(bytes.length))),
              stored.reader,
              new HeldReplica(bytes),
              0,
              new Suspects());
      try (blocks) {
        assertThrows(RejectedExecutionException.class, blocks::next);
      }
      assertEquals(0, buffers.bytesOut());
    }
  }

  @Test
  void closingWaitsForWhatIsUnderWay() throws Exception {
    byte[] bytes = new byte[32 * BLOCK];
    CompletableFuture<Void> go = new CompletableFuture<>();
    try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
      stored.cluster.faults(call -> call.number() > 1 ? Effect.startAfter(go) : Effect.none());
      DifferingBlocks blocks =
          differing(
              new Given(List.of(all(bytes.length))),
              stored.reader,
              new HeldReplica(bytes),
              0,
              new Suspects());
      blocks.next();
      assertTrue(buffers.bytesOut() > 0, "pieces are under way");
      Thread closing = new Thread(blocks::close);
      closing.start();
      while (closing.getState() != Thread.State.WAITING) {
        assertTrue(closing.isAlive(), "it waits for what is under way");
        Thread.onSpinWait();
      }
      go.complete(null);
      closing.join();
      assertEquals(0, buffers.bytesOut());
    }
  }

  @Test
  void aPassThatHasFailedAsksNoMoreAndLeavesOutNothing() throws Exception {
    byte[] bytes = new byte[32 * BLOCK];
    try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
      DifferingBlocks blocks =
          differing(
              new Given(List.of(all(bytes.length))),
              stored.reader,
              new HeldReplica(bytes),
              0,
              new Suspects());
      over.set(true);
      try (blocks) {
        RangeSource.Range range = blocks.next();
        assertEquals(range.covers(), range.extents());
        assertEquals(0, blocks.bytesDigested());
      }
    }
  }

  /**
   * The load limit protects the source's disks, which have the same work with a digest as with a
   * read.
   */
  @Test
  void aDigestWaitsForTheRateAsAReadDoes() throws Exception {
    byte[] bytes = new byte[32 * BLOCK];
    AtomicInteger looked = new AtomicInteger();
    AtomicInteger asked = new AtomicInteger();
    try (Stored stored = new Stored(MemoryCluster.builder(), bytes, BLOCK)) {
      stored.cluster.faults(
          call -> {
            asked.incrementAndGet();
            return Effect.none();
          });
      // looked at while it waits; over the third time
      BooleanSupplier thirdTime = () -> looked.incrementAndGet() > 2;
      DifferingBlocks blocks =
          new DifferingBlocks(
              new Given(List.of(all(bytes.length))),
              stored.reader,
              Held.of(new HeldReplica(bytes)),
              0,
              new Suspects(),
              new DifferingBlocks.Means(
                  buffers.allotment(),
                  workers,
                  8,
                  new Pace(Limits.none().withRate(RateLimit.of(0))).disk(new Lane("s", "volumes")),
                  thirdTime,
                  meter));
      try (blocks) {
        RangeSource.Range range = blocks.next();
        assertEquals(range.covers(), range.extents(), "what was not looked at is handed on");
      }
      assertEquals(0, asked.get(), "nothing is asked while the rate is 0");
      assertTrue(looked.get() > 2, "it waited");
    }
  }

  @Test
  void aBlockThatDoesNotDifferInSpiteOfItsDigestsIsSuspect() {
    Suspects suspects = new Suspects();
    Extents.Builder differing = Extents.builder();
    differing.add(100, 50, false).add(3L * BLOCK - 10, 30, false).add(9L * BLOCK, BLOCK, false);
    suspects.add(differing.build());
    CountingStage stage = new CountingStage();
    suspects.check(149);
    assertThrows(Suspects.ContradictionException.class, () -> suspects.check(150));
    suspects.before(stage).data(120, ByteBuffer.allocate(1));
    suspects.check(3L * BLOCK - 1);
    // the second extent is of two blocks, and each has to differ
    suspects.before(stage).data(3L * BLOCK - 5, ByteBuffer.allocate(1));
    suspects.check(3L * BLOCK + 19);
    assertThrows(Suspects.ContradictionException.class, () -> suspects.check(3L * BLOCK + 20));
    suspects.before(stage).zero(0, 9L * BLOCK);
    suspects.before(stage).data(3L * BLOCK - 5, ByteBuffer.allocate(6));
    suspects.check(10L * BLOCK - 1);
    suspects.before(stage).data(8L * BLOCK, ByteBuffer.allocate(4 * BLOCK));
    suspects.check(Long.MAX_VALUE);
    assertEquals(4, stage.data);
    assertEquals(1, stage.zeros);
  }

  private static final class CountingStage implements Pipeline.Stage {
    int data;
    int zeros;

    @Override
    public void data(long offset, ByteBuffer bytes) {
      data++;
    }

    @Override
    public void zero(long offset, long length) {
      zeros++;
    }
  }
}
