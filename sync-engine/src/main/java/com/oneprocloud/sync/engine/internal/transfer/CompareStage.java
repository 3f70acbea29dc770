// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads a replica and compares it with what it is given, block by block. What differs is handed on.
 */
public final class CompareStage implements Pipeline.Stage {
  /** How much of the replica is read at a time. */
  static final int PIECE = 256 << 10;

  private final Held held;
  private final BufferPool scratch;
  private final Pipeline.Stage differs;
  private final AtomicLong compared = new AtomicLong();

  /**
   * A stage that compares.
   *
   * @param held what is compared
   * @param scratch a pool of its own that has a piece for each worker
   * @param differs what is done with blocks of the source that the replica does not hold
   */
  public CompareStage(Held held, BufferPool scratch, Pipeline.Stage differs) {
    this.held = held;
    this.scratch = scratch;
    this.differs = differs;
  }

  /** A pool that has a piece for each worker. */
  public static BufferPool scratch(int workers) {
    return new BufferPool(Integer.highestOneBit(workers * PIECE * 2 - 1));
  }

  @Override
  public void data(long offset, ByteBuffer data) {
    for (int at = 0; at < data.remaining(); ) {
      int length = piece(offset + at, data.remaining() - at);
      compare(offset + at, data.slice(data.position() + at, length));
      at += length;
    }
  }

  @Override
  public void zero(long offset, long length) {
    for (long at = 0; at < length; ) {
      int piece = piece(offset + at, length - at);
      try (BufferPool.Buffer found = read(offset + at, piece)) {
        Extents runs = Zeros.split(found.bytes(), offset + at);
        for (int i = 0; i < runs.size(); i++) {
          if (!runs.isZero(i)) {
            differs.zero(runs.offset(i), runs.length(i));
          }
        }
      }
      compared.addAndGet(piece);
      at += piece;
    }
  }

  /** Cut at multiples, so that a block is not cut into two pieces. */
  private static int piece(long offset, long length) {
    return (int) Math.min(PIECE - offset % PIECE, length);
  }

  /** Bytes compared. */
  public long bytesCompared() {
    return compared.get();
  }

  private void compare(long offset, ByteBuffer piece) {
    try (BufferPool.Buffer found = read(offset, piece.remaining())) {
      int at = 0;
      while (at < piece.limit()) {
        int step =
            piece
                .slice(at, piece.limit() - at)
                .mismatch(found.bytes().slice(at, piece.limit() - at));
        if (step < 0) {
          break;
        }
        // the whole block around the first byte that differs, and the blocks after it that differ
        // too
        int from = Math.max(0, at + step - (int) ((offset + at + step) % Zeros.BLOCK));
        int to = from;
        do {
          to = (int) Math.min(piece.limit(), to + Zeros.BLOCK - (offset + to) % Zeros.BLOCK);
        } while (to < piece.limit() && blockDiffers(offset, piece, found.bytes(), to));
        differs.data(offset + from, piece.slice(from, to - from));
        at = to;
      }
    }
    compared.addAndGet(piece.limit());
  }

  private static boolean blockDiffers(long offset, ByteBuffer piece, ByteBuffer held, int at) {
    int length = (int) Math.min(piece.limit() - at, Zeros.BLOCK - (offset + at) % Zeros.BLOCK);
    return piece.slice(at, length).mismatch(held.slice(at, length)) >= 0;
  }

  private BufferPool.Buffer read(long offset, int length) {
    BufferPool.Buffer buffer;
    try {
      buffer = scratch.take(length);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SyncException(
          SyncException.failed("compare", "replica at " + offset)
              .because("the thread was interrupted")
              .cause(e));
    }
    try {
      held.read(Extents.of(Extent.data(offset, length)), buffer.bytes());
      buffer.bytes().flip();
      return buffer;
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }
}
