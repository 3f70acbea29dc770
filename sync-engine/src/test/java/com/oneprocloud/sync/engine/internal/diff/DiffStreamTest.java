// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.LeakCheck;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class DiffStreamTest {
  private static final long GIB = 1L << 30;
  private static final long MIB = 1L << 20;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  private final ExecutorService executor = Executors.newFixedThreadPool(2);

  @AfterEach
  void end() {
    executor.shutdownNow();
  }

  /** A reader that knows its diff and has no data. */
  private static class Known implements SnapshotReader {
    final Layout layout;
    final Extents diff;
    final long size;
    final AtomicInteger asked = new AtomicInteger();

    Known(long size, Layout layout, Extents diff) {
      this.size = size;
      this.layout = layout;
      this.diff = diff;
    }

    @Override
    public Snapshot snapshot() {
      return new Snapshot(SnapshotId.of(1), "s", size, Snapshot.Kind.USER, Optional.empty(), false);
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public Layout layout() {
      return layout;
    }

    @Override
    public Optional<ParentLink> parent() {
      return Optional.empty();
    }

    @Override
    public Extents diff(@Nullable Snapshot base, long offset, long length) {
      asked.incrementAndGet();
      assertEquals(0, offset % layout.period(), "aligned to whole objects");
      return diff.within(offset, length);
    }

    @Override
    public CompletableFuture<Void> read(Extents ranges, ByteBuffer into) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private static Layout plain() {
    return new Layout(4 * MIB, 4 * MIB, 1, 1);
  }

  private DiffStream stream(Known reader, Extents also, boolean holes) {
    Candidates candidates = Candidates.all(reader.size(), reader.layout());
    return new DiffStream(reader, null, candidates, also, holes, executor);
  }

  private Extents all(Known reader, Extents also, boolean holes) throws InterruptedException {
    Extents.Builder all = Extents.builder();
    long at = 0;
    try (DiffStream stream = stream(reader, also, holes)) {
      while (stream.hasNext()) {
        RangeSource.Range range = stream.next();
        assertTrue(range.end() > at);
        for (Extent extent : range.extents()) {
          assertTrue(extent.offset() >= at && extent.end() <= range.end(), extent::toString);
        }
        all.addAll(range.extents());
        at = range.end();
      }
    }
    assertEquals(reader.size, at, "to the end");
    return all.build();
  }

  @Test
  void givesTheWholeDiffOfALargeImageInRanges() throws InterruptedException {
    Extents.Builder diff = Extents.builder();
    for (long at = 0; at < 30 * GIB; at += 3 * GIB) {
      diff.add(at + 7, 5 * MIB, at % (2 * GIB) == 0);
    }
    Known reader = new Known(30 * GIB + 12345, plain(), diff.build());
    assertEquals(diff.build(), all(reader, Extents.none(), false));
    assertTrue(reader.asked.get() > 5, "in several ranges");
  }

  @Test
  void rangesHoldWholeStripes() throws InterruptedException {
    Layout odd = new Layout(4 * MIB, 1 * MIB, 5, 1);
    Extents diff = Extents.of(Extent.data(3, 20 * GIB));
    assertEquals(diff, all(new Known(21 * GIB, odd, diff), Extents.none(), false));
  }

  @Test
  void anEmptyImageHasNoRange() {
    try (DiffStream stream = stream(new Known(0, plain(), Extents.none()), Extents.none(), true)) {
      assertFalse(stream.hasNext());
    }
  }

  @Test
  void whatHasToBeMovedBesidesIsDataAndCutToTheSnapshot() throws InterruptedException {
    Extents diff = Extents.builder().add(10 * MIB, MIB, true).add(20 * MIB, MIB, false).build();
    Extents also =
        Extents.builder().add(10 * MIB + 10, 20, true).add(99 * MIB, 5 * MIB, true).build();
    Extents expected =
        Extents.builder()
            .add(10 * MIB, 10, true)
            .add(10 * MIB + 10, 20, false)
            .add(10 * MIB + 30, MIB - 30, true)
            .add(20 * MIB, MIB, false)
            .add(99 * MIB, MIB, false)
            .build();
    assertEquals(expected, all(new Known(100 * MIB, plain(), diff), also, false));
  }

  @Test
  void holesAreZerosWhenTheReplicaIsUnknown() throws InterruptedException {
    Extents diff = Extents.of(Extent.data(10 * MIB, MIB));
    assertEquals(
        Extents.builder()
            .add(0, 10 * MIB, true)
            .add(10 * MIB, MIB, false)
            .add(11 * MIB, 9 * GIB - 11 * MIB, true)
            .build(),
        all(new Known(9 * GIB, plain(), diff), Extents.none(), true));
  }

  @Test
  void aFailureReachesWhoAsksForTheRange() throws InterruptedException {
    Known failing =
        new Known(20 * GIB, plain(), Extents.none()) {
          @Override
          public Extents diff(@Nullable Snapshot base, long offset, long length) {
            if (offset >= 8 * GIB) {
              throw new StorageException(SyncException.failed("diff", "image"));
            }
            return super.diff(base, offset, length);
          }
        };
    try (DiffStream stream = stream(failing, Extents.none(), false)) {
      long end = 0;
      while (end < 8 * GIB) {
        end = stream.next().end();
      }
      assertEquals(8 * GIB, end);
      assertThrows(StorageException.class, stream::next);
    }
  }

  @Test
  void closingWaitsForTheRangeThatAnInterruptedThreadWaitedFor() throws Exception {
    CountDownLatch began = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicInteger under = new AtomicInteger();
    Known slow =
        new Known(GIB, plain(), Extents.none()) {
          @Override
          public Extents diff(@Nullable Snapshot base, long offset, long length) {
            under.incrementAndGet();
            began.countDown();
            try {
              assertTrue(goOn.await(20, TimeUnit.SECONDS));
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            under.decrementAndGet();
            return super.diff(base, offset, length);
          }
        };
    DiffStream stream = stream(slow, Extents.none(), false);
    assertTrue(began.await(20, TimeUnit.SECONDS));
    Thread.currentThread().interrupt();
    assertThrows(InterruptedException.class, stream::next);
    CompletableFuture<Integer> closed =
        CompletableFuture.supplyAsync(
            () -> {
              stream.close();
              return under.get();
            },
            executor);
    assertThrows(
        java.util.concurrent.TimeoutException.class, () -> closed.get(50, TimeUnit.MILLISECONDS));
    goOn.countDown();
    assertEquals(0, closed.get(20, TimeUnit.SECONDS));
  }
}
