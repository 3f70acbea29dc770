// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.figures.EngineMeter;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Carries extents from a snapshot to a {@link Stage}: reads in flight, bytes in flight, first error
 * wins.
 *
 * <p>One thread drives it: it takes extents from the diff in ascending order, groups those of one
 * object into one read, takes a buffer and starts the read. When a read completes, its buffer is
 * handed to the stage on a worker thread and goes back to the pool after that; a buffer is never
 * touched by two at a time. When anything fails, nothing more is started, what is under way is
 * waited for, and the first failure is thrown.
 */
public final class Pipeline {
  /** The most extents of one read. */
  private static final int MAX_EXTENTS = 256;

  /**
   * Runs of zeros are cut at multiples of this, so that several workers share a long one, and none
   * keeps the pass from counting as done what lies behind it.
   */
  private static final long ZERO_PIECE = 256L << 20;

  /**
   * Extents with a gap of at most this many bytes are read as one: another range costs the OSD more
   * than these bytes do.
   */
  static final int GAP = 16 << 10;

  private final SnapshotReader reader;
  private final BufferPool.Allotment memory;
  private final Executor workers;
  private final int requests;
  private final Pace.Disk pace;
  private final SmallRead probe;
  private final Stage stage;
  private final EngineMeter meter;
  private final int maxRead;
  private final Semaphore slots;
  private final long start;
  private final Watermark watermark;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final AtomicLong extents = new AtomicLong();
  private final AtomicLong bytesRead = new AtomicLong();

  /** Where the extent that was counted last ends, and its kind; of the driving thread. */
  private long counted = -1;

  private boolean countedZero;

  /**
   * A pipeline for one pass over one snapshot.
   *
   * @param reader the snapshot
   * @param memory what the disk has of it
   * @param workers where the stage runs
   * @param requests the most reads and stage calls under way at a time
   * @param start where the pass starts
   * @param stage what is done with the data
   */
  public Pipeline(
      SnapshotReader reader,
      BufferPool.Allotment memory,
      Executor workers,
      int requests,
      long start,
      Stage stage) {
    this(
        reader,
        memory,
        workers,
        requests,
        Pace.unlimited(),
        start,
        stage,
        new EngineMeter(System::nanoTime));
  }

  /** The same at a pace, and counted by a meter. */
  public Pipeline(
      SnapshotReader reader,
      BufferPool.Allotment memory,
      Executor workers,
      int requests,
      Pace.Disk pace,
      long start,
      Stage stage,
      EngineMeter meter) {
    this.reader = reader;
    this.pace = pace;
    this.probe = new SmallRead(reader);
    this.memory = memory;
    this.workers = workers;
    this.requests = requests;
    this.stage = stage;
    this.meter = meter;
    this.slots = new Semaphore(requests);
    this.start = start;
    this.watermark = new Watermark(start);
    this.maxRead = memory.largest();
  }

  /** What is done with data. Called by several threads at once, for ranges that do not overlap. */
  public interface Stage {
    /**
     * Takes data.
     *
     * @param offset where in the image it is
     * @param data its bytes; only for the time of the call
     */
    void data(long offset, ByteBuffer data);

    /** Takes a range that reads as zeros. */
    void zero(long offset, long length);
  }

  /**
   * Called by the driving thread now and then, at least once for each range of the diff and each
   * read.
   */
  public interface Checkpoint {
    /**
     * Takes note of how far the pass is.
     *
     * @param done everything below this offset is done
     * @throws InterruptedException if the driving thread was interrupted
     */
    void reached(long done) throws InterruptedException;

    /**
     * Takes note of a range before it is carried.
     *
     * @param range what lies below the start of the pass included
     */
    default void range(RangeSource.Range range) {}
  }

  /**
   * Runs the pass.
   *
   * @param source what to carry
   * @param checkpoint hears how far it is
   * @throws InterruptedException if the driving thread was interrupted; nothing is under way then
   */
  public void run(RangeSource source, Checkpoint checkpoint) throws InterruptedException {
    try {
      while (source.hasNext() && failure.get() == null) {
        RangeSource.Range range = source.next();
        checkpoint.range(range);
        count(from(range.covers()));
        carry(from(range.extents()), checkpoint);
        watermark.passed(range.end());
        checkpoint.reached(watermark.offset());
      }
    } catch (Throwable e) {
      fail(e);
    }
    slots.acquireUninterruptibly(requests);
    Throwable first = failure.get();
    if (first == null) {
      checkpoint.reached(watermark.offset());
    } else if (first instanceof RuntimeException e) {
      throw e;
    } else if (first instanceof Error e) {
      throw e;
    } else if (first instanceof InterruptedException e) {
      throw e;
    } else {
      throw new IllegalStateException(first);
    }
  }

  /** Everything below this offset is done. */
  public long done() {
    return watermark.offset();
  }

  /** Whether it has failed, and only waits for what is under way. Thread-safe. */
  public boolean failed() {
    return failure.get() != null;
  }

  /** How many extents its ranges covered, one that goes on from range to range counted once. */
  public long extents() {
    return extents.get();
  }

  /** How many bytes were read from the snapshot. */
  public long bytesRead() {
    return bytesRead.get();
  }

  private Extents from(Extents range) {
    return start == 0 ? range : range.within(start, Long.MAX_VALUE - start);
  }

  private void count(Extents covers) {
    for (int i = 0; i < covers.size(); i++) {
      boolean goesOn = covers.offset(i) == counted && covers.isZero(i) == countedZero;
      extents.addAndGet(goesOn ? 0 : 1);
      counted = covers.offset(i) + covers.length(i);
      countedZero = covers.isZero(i);
    }
  }

  private void carry(Extents range, Checkpoint checkpoint) throws InterruptedException {
    Batch batch = new Batch();
    for (int i = 0; i < range.size() && failure.get() == null; i++) {
      long offset = range.offset(i);
      long end = offset + range.length(i);
      if (range.isZero(i)) {
        start(batch);
        while (offset < end && failure.get() == null) {
          long piece = Math.min(ZERO_PIECE - offset % ZERO_PIECE, end - offset);
          startZero(offset, piece);
          checkpoint.reached(watermark.offset());
          offset += piece;
        }
        continue;
      }
      while (offset < end && failure.get() == null) {
        if (!batch.takes(offset)) {
          start(batch);
          checkpoint.reached(watermark.offset());
        }
        offset += batch.add(offset, end - offset);
      }
    }
    start(batch);
  }

  private void start(Batch batch) throws InterruptedException {
    if (batch.bytes == 0 || failure.get() != null) {
      return;
    }
    Extents ranges = batch.ranges.build();
    Extents parts = batch.parts.build();
    int bytes = batch.bytes;
    batch.clear();
    // before it takes memory, which others can use meanwhile
    probe.at(ranges.offset(0), ranges.length(0));
    pace.before(bytes, probe, () -> failure.get() != null);
    if (failure.get() != null) {
      return;
    }
    BufferPool.Buffer buffer = memory.take(bytes);
    try {
      slots.acquire();
    } catch (InterruptedException e) {
      buffer.close();
      throw e;
    }
    Watermark.Work work = watermark.begin(ranges.offset(0));
    pace.begins(bytes);
    long began = System.nanoTime();
    CompletableFuture<Void> read;
    try {
      read = reader.read(ranges, buffer.bytes());
    } catch (RuntimeException | Error e) {
      read = CompletableFuture.failedFuture(e);
    }
    var unused =
        read.whenComplete(
            (nothing, error) -> {
              pace.ends();
              if (error != null) {
                fail(error);
                giveBack(buffer);
                return;
              }
              meter.reads.add(bytes, System.nanoTime() - began);
              bytesRead.addAndGet(bytes);
              onWorker(() -> handOn(ranges, parts, buffer.bytes()), bytes, work, buffer);
            });
  }

  /** Gives the stage what it is to carry out of what was read. */
  private void handOn(Extents ranges, Extents parts, ByteBuffer data) {
    int range = 0;
    int rangeAt = 0;
    for (int i = 0; i < parts.size(); i++) {
      long offset = parts.offset(i);
      while (offset >= ranges.offset(range) + ranges.length(range)) {
        rangeAt += (int) ranges.length(range);
        range++;
      }
      int at = rangeAt + (int) (offset - ranges.offset(range));
      stage.data(offset, data.slice(at, (int) parts.length(i)));
    }
  }

  private void startZero(long offset, long length) throws InterruptedException {
    slots.acquire();
    onWorker(() -> stage.zero(offset, length), length, watermark.begin(offset), null);
  }

  /** Runs a stage call on a worker; its work counts as done only if it did not fail. */
  private void onWorker(
      Runnable call, long bytes, Watermark.Work work, BufferPool.@Nullable Buffer buffer) {
    try {
      workers.execute(
          () -> {
            try {
              if (failure.get() == null) {
                long began = System.nanoTime();
                call.run();
                meter.target.add(bytes, System.nanoTime() - began);
                work.end();
              }
            } catch (Throwable e) {
              fail(e);
            } finally {
              giveBack(buffer);
            }
          });
    } catch (RejectedExecutionException e) {
      fail(e);
      giveBack(buffer);
    }
  }

  private void giveBack(BufferPool.@Nullable Buffer buffer) {
    if (buffer != null) {
      buffer.close();
    }
    slots.release();
  }

  private void fail(Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    failure.compareAndSet(null, cause);
  }

  /** Neighbouring ranges of one object that are read together, those that are near as one. */
  private final class Batch {
    private final long objectSize = reader.layout().objectSize();
    private final boolean striped = reader.layout().striped();
    private Extents.Builder ranges = Extents.builder();
    private Extents.Builder parts = Extents.builder();
    private int count;
    private int bytes;
    private long object;
    private long end;

    boolean takes(long offset) {
      return bytes == 0
          || (bytes < maxRead && count < MAX_EXTENTS && (striped || offset / objectSize == object));
    }

    /** Adds the front of a range; how many bytes of it. */
    long add(long offset, long length) {
      long gap = offset - end;
      if (count > 0 && gap <= GAP && bytes + gap < maxRead) {
        ranges.add(end, gap, false);
        bytes += (int) gap;
      }
      long part = Math.min(length, maxRead - bytes);
      if (!striped) {
        part = Math.min(part, objectSize - offset % objectSize);
      }
      object = offset / objectSize;
      ranges.add(offset, part, false);
      parts.add(offset, part, false);
      end = offset + part;
      count++;
      bytes += (int) part;
      return part;
    }

    void clear() {
      ranges = Extents.builder();
      parts = Extents.builder();
      count = 0;
      bytes = 0;
    }
  }
}
