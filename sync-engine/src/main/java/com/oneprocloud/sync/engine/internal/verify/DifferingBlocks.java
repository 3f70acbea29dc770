// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.figures.EngineMeter;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.internal.transfer.Awaited;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.SmallRead;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Leaves out of ranges the blocks that the replica holds already, as far as digests tell: those of
 * the source come from the storage, those of the replica from reading it here. What is handed on is
 * to be compared byte by byte. Runs of zeros are handed on, since the source need not be asked for
 * them. Where the storage works out no digests, everything is handed on.
 *
 * <p>Each range says what it covers besides what is left of it. A few pieces are under way ahead of
 * the one that is handed on. A piece has one buffer for both sides, and gives it back before it is
 * done, whatever becomes of it; it needs no other memory and no thread that waits for memory, so
 * that reads that wait for a buffer get it. Nobody may write to the replica but who is handed the
 * ranges.
 *
 * <p>Not thread-safe. Closing waits for what is under way, and closes the source; close it before
 * reader and replica.
 */
public final class DifferingBlocks implements RangeSource {
  /** Pieces under way ahead. */
  private static final int AHEAD = 4;

  /** The most memory of a piece. */
  private static final int WINDOW = 256 << 10;

  private final RangeSource source;
  private final Pieces pieces;
  private final SnapshotReader reader;
  private final Held replica;
  private final long start;
  private final Suspects suspects;
  private final Means means;
  private final int window;
  private final SmallRead probe;
  private final Deque<Piece> ahead = new ArrayDeque<>();
  private final AtomicLong digested = new AtomicLong();
  private final AtomicLong read = new AtomicLong();
  private long equal;

  /**
   * A source of what differs.
   *
   * @param source what to look at; belongs to this
   * @param start what lies below this offset is handed on as it is
   * @param suspects is told what is handed on because of its digests
   */
  public DifferingBlocks(
      RangeSource source,
      SnapshotReader reader,
      Held replica,
      long start,
      Suspects suspects,
      Means means) {
    this.source = source;
    this.pieces = new Pieces(source, reader.layout(), Math.max(1, means.requests() / AHEAD));
    this.reader = reader;
    this.replica = replica;
    this.start = start;
    this.suspects = suspects;
    this.means = means;
    this.probe = new SmallRead(reader);
    this.window =
        Math.max(
            BlockDigests.BLOCK,
            Math.min(WINDOW, Integer.highestOneBit(means.memory().capacity() / (4 * AHEAD))));
  }

  /**
   * What digests are worked out with.
   *
   * @param memory what the disk has of it; not the one that the comparison takes its own from
   * @param workers where the replica is read; they wait for no buffer of that memory
   * @param requests the most objects that are asked at a time
   * @param pace when the source may be asked; bytes that it digests count as bytes that it reads,
   *     because its disks have the same work
   * @param over whether the pass has failed, so that there is no sense in waiting any more
   * @param meter counts
   */
  public record Means(
      BufferPool.Allotment memory,
      Executor workers,
      int requests,
      Pace.Disk pace,
      BooleanSupplier over,
      EngineMeter meter) {}

  /** A piece, and what differs in it. */
  private record Piece(Range range, Extents data, CompletableFuture<Extents> differing) {}

  @Override
  public boolean hasNext() {
    return !ahead.isEmpty() || pieces.hasNext();
  }

  @Override
  public Range next() throws InterruptedException {
    while (ahead.size() < AHEAD && pieces.hasNext()) {
      ahead.addLast(begin(pieces.next()));
    }
    Piece first = ahead.peekFirst();
    if (first == null) {
      throw new NoSuchElementException();
    }
    // stays where close finds it if the wait is interrupted
    Extents differing = Awaited.get(first.differing());
    ahead.removeFirst();
    if (first.data().isEmpty()) {
      return first.range();
    }
    suspects.add(differing);
    equal += first.data().bytes() - differing.bytes();
    return new Range(left(first, differing), first.range().extents(), first.range().end());
  }

  /** Bytes of the source whose digests the storage worked out without sending them. */
  public long bytesDigested() {
    return digested.get();
  }

  /** Bytes of the source that had to be read for their digests. */
  public long bytesRead() {
    return read.get();
  }

  /** Bytes that were not handed on because their digests are equal. */
  public long bytesEqual() {
    return equal;
  }

  @Override
  public void close() {
    for (Piece piece : ahead) {
      try {
        piece.differing().join();
      } catch (CompletionException e) {
        // nobody asked for this piece any more
      }
    }
    ahead.clear();
    source.close();
  }

  private Piece begin(Range range) throws InterruptedException {
    Extents data = data(range.extents());
    if (!data.isEmpty() && reader.digestsInPlace()) {
      probe.at(data.offset(0), data.length(0));
      means.pace().before((int) data.bytes(), probe, means.over());
      if (!means.over().getAsBoolean()) {
        return new Piece(range, data, differing(data));
      }
    }
    // as it is: to leave out nothing is always right
    return new Piece(range, Extents.none(), CompletableFuture.completedFuture(Extents.none()));
  }

  /** What is to be digested. */
  private Extents data(Extents extents) {
    Extents.Builder data = Extents.builder();
    for (int i = 0; i < extents.size(); i++) {
      long from = Math.max(start, extents.offset(i));
      long end = extents.offset(i) + extents.length(i);
      if (!extents.isZero(i) && from < end) {
        data.add(from, end - from, false);
      }
    }
    return data.build();
  }

  /** What is left of a piece: what was not digested, and what differs. */
  private Extents left(Piece piece, Extents differing) {
    Extents extents = piece.range().extents();
    Extents.Builder left = Extents.builder().addAll(extents.within(0, start));
    for (int i = 0; i < extents.size(); i++) {
      if (extents.isZero(i)) {
        left.add(extents.get(i));
      }
    }
    return left.addAll(differing).build();
  }

  private CompletableFuture<Extents> differing(Extents data) throws InterruptedException {
    BufferPool.Buffer buffer = means.memory().take(window);
    means.pace().begins((int) data.bytes());
    long began = System.nanoTime();
    CompletableFuture<BlockDigests> digests;
    try {
      digests = reader.digests(data, buffer.bytes());
    } catch (RuntimeException | Error e) {
      means.pace().ends();
      buffer.close();
      throw e;
    }
    digests = digests.whenComplete((done, failure) -> means.pace().ends());
    try {
      return digests
          .thenApplyAsync(theirs -> compare(theirs, buffer.bytes(), began), means.workers())
          .whenComplete((differing, failure) -> buffer.close());
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  private Extents compare(BlockDigests theirs, ByteBuffer memory, long began) {
    means.meter().digests.add(theirs.ranges().bytes(), System.nanoTime() - began);
    digested.addAndGet(theirs.ranges().bytes() - theirs.bytesRead());
    read.addAndGet(theirs.bytesRead());
    if (means.over().getAsBoolean()) {
      return theirs.ranges();
    }
    return theirs.differing(
        BlockDigests.reading(theirs.ranges(), memory, this::readReplica).join());
  }

  private CompletableFuture<Void> readReplica(Extents ranges, ByteBuffer into) {
    replica.read(ranges, into.slice());
    return CompletableFuture.completedFuture(null);
  }
}
