// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.XxHash64;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What is found out about blocks of a replica, in whatever order, until it can be handed on in
 * ascending order. Of one block it may be told twice, but not two things. Thread-safe.
 */
public final class BlockLog {
  /** How often it is looked whether what is waited for is done. */
  private static final long PAUSE_MILLIS = 1;

  private final long size;
  private final long most;

  /** Guarded by this. */
  private final PriorityQueue<Run> runs = new PriorityQueue<>(Comparator.comparingLong(Run::first));

  /** Guarded by this. */
  private long pending;

  /**
   * An empty log.
   *
   * @param size bytes of the image
   * @param most how much it may hold before {@link #awaitRoom} waits, in digests
   */
  public BlockLog(long size, long most) {
    this.size = size;
    this.most = most;
  }

  /** Bytes of the image. */
  public long size() {
    return size;
  }

  /**
   * Digests whole blocks.
   *
   * @param offset where the first begins
   * @param data their bytes, all that remain; left as they are
   */
  public void blocks(long offset, ByteBuffer data) {
    long[] digests = new long[(int) Blocks.count(data.remaining())];
    for (int i = 0, at = data.position(); i < digests.length; i++, at += BlockDigests.BLOCK) {
      digests[i] = XxHash64.of(data, at, Math.min(BlockDigests.BLOCK, data.limit() - at));
    }
    digests(offset / BlockDigests.BLOCK, digests);
  }

  /**
   * Takes digests of whole blocks.
   *
   * @param first the number of the first block
   * @param digests one for each block; not copied, must not change any more
   */
  public void digests(long first, long[] digests) {
    add(Run.of(first, digests));
  }

  /** Takes note that all bytes of some blocks are zero. */
  public void zeros(long first, long count) {
    if (count > 0) {
      add(Run.of(Run.Kind.ZEROS, first, count));
    }
  }

  /** Takes note that nobody knows the blocks that ranges touch. */
  public void unknown(Extents ranges) {
    Extents touched = Blocks.touched(ranges, size);
    for (int i = 0; i < touched.size(); i++) {
      long first = touched.offset(i) / BlockDigests.BLOCK;
      add(Run.of(Run.Kind.UNKNOWN, first, Blocks.count(touched.length(i))));
    }
  }

  private synchronized void add(Run run) {
    runs.add(run);
    pending += weight(run);
  }

  private static long weight(Run run) {
    return 8 + (run.kind() == Run.Kind.DIGESTS ? run.count() : 0);
  }

  private synchronized boolean full() {
    return pending > most;
  }

  /**
   * Hands on what can be, and waits for as long as too much is held that cannot be: for what comes
   * before it. Whoever tells it must not be waiting for the caller.
   *
   * @param done tells below which offset everything was told
   * @param over whether there is no sense in waiting any more
   */
  public void awaitRoom(LongSupplier done, BooleanSupplier over, Consumer<Run> to)
      throws InterruptedException {
    drain(done.getAsLong(), to);
    while (full() && !over.getAsBoolean()) {
      Thread.sleep(PAUSE_MILLIS);
      drain(done.getAsLong(), to);
    }
  }

  /**
   * Hands on, in ascending order of their first blocks, all runs that nothing can come before.
   *
   * @param done everything below this offset was told
   */
  public void drain(long done, Consumer<Run> to) {
    long end = done >= size ? Long.MAX_VALUE : done / BlockDigests.BLOCK;
    for (Run run = poll(end); run != null; run = poll(end)) {
      to.accept(run);
    }
  }

  private synchronized @Nullable Run poll(long end) {
    Run first = runs.peek();
    if (first == null || first.first() >= end) {
      return null;
    }
    pending -= weight(first);
    return runs.poll();
  }
}
