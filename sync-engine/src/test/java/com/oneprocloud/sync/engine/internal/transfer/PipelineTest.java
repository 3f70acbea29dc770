// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a failure of any kind, at any place, leaves behind: nothing under way, no memory out. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PipelineTest {
  private static final int OBJECT = 64 << 10;
  private static final long SIZE = 20L * OBJECT;

  private final BufferPool buffers = new BufferPool(1 << 20);
  private final SnapshotReader reader = mock(SnapshotReader.class);

  /** Discards what it is given. */
  private static final class Discard implements Pipeline.Stage {
    @Override
    public void data(long offset, ByteBuffer data) {}

    @Override
    public void zero(long offset, long length) {}
  }

  /** Throws from a stage call. */
  private static final class Fail implements Pipeline.Stage {
    private final Error thrown;

    Fail(Error thrown) {
      this.thrown = thrown;
    }

    @Override
    public void data(long offset, ByteBuffer data) {
      throw thrown;
    }

    @Override
    public void zero(long offset, long length) {
      throw thrown;
    }
  }

  private void run(Pipeline.Stage stage) throws InterruptedException {
    when(reader.layout()).thenReturn(new Layout(OBJECT, OBJECT, 1, 1));
    new Pipeline(reader, buffers.allotment(), Runnable::run, 4, 0, stage)
        .run(KnownExtents.all(SIZE), done -> {});
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aReadThatThrowsEndsTheRun(boolean error) {
    Throwable thrown = error ? new LinkageError("read") : new IllegalStateException("read");
    when(reader.read(any(Extents.class), any())).thenThrow(thrown);
    assertSame(thrown, assertThrows(Throwable.class, () -> run(new Discard())));
    assertEquals(0, buffers.bytesOut());
  }

  @Test
  void aStageThatThrowsEndsTheRun() {
    when(reader.read(any(Extents.class), any()))
        .thenReturn(CompletableFuture.completedFuture(null));
    Error thrown = new LinkageError("write");
    assertSame(thrown, assertThrows(Throwable.class, () -> run(new Fail(thrown))));
    assertEquals(0, buffers.bytesOut());
  }

  /** Fills reads with a pattern that tells where a byte belongs, and remembers them. */
  private static final class Patterned {
    final List<Extents> reads = new ArrayList<>();

    CompletableFuture<Void> read(Extents ranges, ByteBuffer into) {
      reads.add(ranges);
      int at = into.position();
      for (int i = 0; i < ranges.size(); i++) {
        for (long offset = ranges.offset(i);
            offset < ranges.offset(i) + ranges.length(i);
            offset++) {
          into.put(at++, pattern(offset));
        }
      }
      return CompletableFuture.completedFuture(null);
    }
  }

  private static byte pattern(long offset) {
    return (byte) ((offset * 0x9E3779B97F4A7C15L) >>> 40);
  }

  /** Takes note of what it is given and checks its bytes. */
  private static final class Note implements Pipeline.Stage {
    final Extents.Builder given = Extents.builder();

    @Override
    public void data(long offset, ByteBuffer data) {
      for (int i = 0; i < data.remaining(); i++) {
        assertEquals(pattern(offset + i), data.get(i), "byte " + (offset + i));
      }
      given.add(offset, data.remaining(), false);
    }

    @Override
    public void zero(long offset, long length) {
      given.add(offset, length, true);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void nearExtentsAreReadTogetherAndNothingElseIsHandedOn(boolean striped)
      throws InterruptedException {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 20; round++) {
      Extents.Builder builder = Extents.builder();
      long at = 0;
      while (at < SIZE) {
        at += random.nextInt(2) == 0 ? random.nextInt(100) : random.nextInt(2 * Pipeline.GAP);
        long length = Math.min(random.nextInt(1, 40_000), SIZE - at);
        if (length > 0) {
          builder.add(at, length, random.nextInt(6) == 0);
        }
        at += length + 1;
      }
      Extents extents = builder.build();
      Patterned patterned = new Patterned();
      when(reader.layout())
          .thenReturn(new Layout(OBJECT, striped ? OBJECT / 4 : OBJECT, striped ? 4 : 1, 1));
      when(reader.read(any(Extents.class), any()))
          .thenAnswer(call -> patterned.read(call.getArgument(0), call.getArgument(1)));
      Note note = new Note();
      BufferPool small = new BufferPool(OBJECT);
      Pipeline pipeline = new Pipeline(reader, small.allotment(), Runnable::run, 4, 0, note);
      pipeline.run(new KnownExtents(extents, SIZE), done -> {});
      assertEquals(extents, note.given.build(), () -> "seed " + seed);
      assertEquals(0, small.bytesOut());
      long read = 0;
      for (Extents ranges : patterned.reads) {
        read += ranges.bytes();
        Extent last = ranges.get(ranges.size() - 1);
        if (!striped) {
          assertEquals(ranges.offset(0) / OBJECT, (last.end() - 1) / OBJECT, "one object");
        }
        for (int i = 1; i < ranges.size(); i++) {
          long gap = ranges.offset(i) - ranges.get(i - 1).end();
          assertTrue(gap > Pipeline.GAP || ranges.bytes() + gap >= OBJECT, "a gap left open");
        }
      }
      assertEquals(pipeline.bytesRead(), read);
    }
  }

  @Test
  void aPassThatNothingDisturbsLeavesNothingEither() throws InterruptedException {
    when(reader.read(any(Extents.class), any()))
        .thenReturn(CompletableFuture.completedFuture(null));
    run(new Discard());
    assertEquals(0, buffers.bytesOut());
  }

  /** Tells the rest of a diff only once data of its beginning was handed on. */
  private static final class SlowDiff implements RangeSource, Pipeline.Stage {
    private final CountDownLatch handedOn = new CountDownLatch(1);
    private int given;

    @Override
    public boolean hasNext() {
      return given < 2;
    }

    @Override
    public Range next() throws InterruptedException {
      if (given == 1) {
        handedOn.await();
      }
      long offset = (long) given * OBJECT;
      given++;
      return new Range(Extents.of(Extent.data(offset, OBJECT)), offset + OBJECT);
    }

    @Override
    public void close() {}

    @Override
    public void data(long offset, ByteBuffer data) {
      handedOn.countDown();
    }

    @Override
    public void zero(long offset, long length) {}
  }

  @Test
  void dataMovesBeforeTheDiffHasEnded() throws InterruptedException {
    when(reader.layout()).thenReturn(new Layout(OBJECT, OBJECT, 1, 1));
    when(reader.read(any(Extents.class), any()))
        .thenReturn(CompletableFuture.completedFuture(null));
    SlowDiff diff = new SlowDiff();
    Pipeline pipeline = new Pipeline(reader, buffers.allotment(), Runnable::run, 4, 0, diff);
    pipeline.run(diff, done -> {});
    assertEquals(2L * OBJECT, pipeline.bytesRead());
  }

  @ParameterizedTest
  @CsvSource({"3, 16, 3", "16, 4, 4"})
  void requestsAndBytesAreLimitedEachForItself(int requests, int objectsOfMemory, int most)
      throws InterruptedException {
    when(reader.layout()).thenReturn(new Layout(OBJECT, OBJECT, 1, 1));
    BlockingQueue<CompletableFuture<Void>> reads = new LinkedBlockingQueue<>();
    AtomicInteger underWay = new AtomicInteger();
    AtomicInteger peak = new AtomicInteger();
    when(reader.read(any(Extents.class), any()))
        .thenAnswer(
            call -> {
              CompletableFuture<Void> read = new CompletableFuture<>();
              peak.accumulateAndGet(underWay.incrementAndGet(), Math::max);
              reads.add(read);
              return read;
            });
    BufferPool memory = new BufferPool(objectsOfMemory * OBJECT);
    Pipeline pipeline =
        new Pipeline(reader, memory.allotment(), Runnable::run, requests, 0, new Discard());
    FutureTask<Void> run =
        new FutureTask<>(
            () -> {
              pipeline.run(KnownExtents.all(SIZE), done -> {});
              return null;
            });
    Thread driver = new Thread(run, "driver");
    driver.start();
    for (int left = (int) (SIZE / OBJECT); left > 0; left--) {
      while (reads.size() < Math.min(most, left)) {
        Thread.onSpinWait();
      }
      underWay.decrementAndGet();
      reads.take().complete(null);
    }
    driver.join();
    assertEquals(most, peak.get());
    assertTrue(run.isDone());
    assertEquals(SIZE, pipeline.bytesRead());
    assertEquals(0, memory.bytesOut());
  }
}
