// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * A diff as a stream of ranges in ascending order. A few ranges are asked for ahead, so that data
 * moves while the diff goes on, and memory holds a few ranges whatever the size of the image.
 *
 * <p>Not thread-safe. Close it before the reader: that waits for the ranges that were asked for
 * ahead.
 */
public final class DiffStream implements RangeSource {
  /** Ranges asked for ahead. */
  private static final int AHEAD = 4;

  private final SnapshotReader reader;
  private final @Nullable Snapshot base;
  private final Candidates candidates;
  private final Extents also;
  private final boolean holes;
  private final Executor executor;
  private final Deque<CompletableFuture<Range>> ahead = new ArrayDeque<>();
  private long asked;

  /**
   * A stream.
   *
   * @param reader the newer snapshot
   * @param base the older snapshot, or null for everything
   * @param candidates where the storage has to be asked
   * @param also more that has to be moved, whatever the diff says; what lies outside the snapshot
   *     is left out
   * @param holes whether what the diff leaves out is to be reported as ZERO: for a replica whose
   *     content is unknown
   * @param executor where the diffs are computed
   */
  public DiffStream(
      SnapshotReader reader,
      @Nullable Snapshot base,
      Candidates candidates,
      Extents also,
      boolean holes,
      Executor executor) {
    this.reader = reader;
    this.base = base;
    this.candidates = candidates;
    this.also = also;
    this.holes = holes;
    this.executor = executor;
    askAhead();
  }

  @Override
  public boolean hasNext() {
    return !ahead.isEmpty();
  }

  @Override
  public Range next() throws InterruptedException {
    CompletableFuture<Range> next = ahead.peekFirst();
    if (next == null) {
      throw new NoSuchElementException();
    }
    try {
      // stays where close finds it if the wait is interrupted
      while (!next.isDone()) {
        waitFor(next);
      }
      Range range = next.join();
      ahead.removeFirst();
      askAhead();
      return range;
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  @Override
  public void close() {
    for (CompletableFuture<Range> range : ahead) {
      try {
        range.join();
      } catch (CompletionException e) {
        // nobody asked for this range any more
      }
    }
    ahead.clear();
  }

  private static void waitFor(CompletableFuture<?> future) throws InterruptedException {
    try {
      future.get();
    } catch (ExecutionException e) {
      // join tells
    }
  }

  private void askAhead() {
    while (ahead.size() < AHEAD && asked < reader.size()) {
      long offset = asked;
      Candidates.Part part = candidates.from(offset);
      asked = part.end();
      ahead.addLast(CompletableFuture.supplyAsync(() -> range(offset, part), executor));
    }
  }

  private Range range(long offset, Candidates.Part part) {
    long end = part.end();
    Extents diff = part.ask().isEmpty() ? part.ask() : reader.diff(base, part.ask());
    Extents extra = also.within(offset, end - offset);
    if (!extra.isEmpty()) {
      // read what the other extents cover, whatever kind they were
      Extents.Builder union = Extents.builder().addAll(diff);
      for (int i = 0; i < extra.size(); i++) {
        union.add(extra.offset(i), extra.length(i), false);
      }
      diff = union.build();
    }
    if (holes) {
      diff = withHoles(diff, offset, end);
    }
    return new Range(diff, end);
  }

  private static Extents withHoles(Extents diff, long offset, long end) {
    Extents.Builder all = Extents.builder();
    long at = offset;
    for (int i = 0; i < diff.size(); i++) {
      all.add(at, diff.offset(i) - at, true);
      all.add(diff.offset(i), diff.length(i), diff.isZero(i));
      at = diff.offset(i) + diff.length(i);
    }
    return all.add(at, end - at, true).build();
  }
}
