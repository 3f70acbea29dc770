// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.target.Replica;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Reads a replica and compares it with what it is given, block by block. What differs is handed on.
 */
public final class CompareStage implements Pipeline.Stage {
  /** How much of the replica is read at a time. */
  static final int PIECE = 256 << 10;

  private final Replica replica;
  private final BufferPool scratch;
  private final Pipeline.Stage differs;
  private final AtomicLong compared = new AtomicLong();

  /**
   * A stage that compares.
   *
   * @param replica what is compared
   * @param scratch a pool of its own that has a piece for each worker
   * @param differs what is done with blocks of the source that the replica does not hold
   */
  public CompareStage(Replica replica, BufferPool scratch, Pipeline.Stage differs) {
    this.replica = replica;
    this.scratch = scratch;
    this.differs = differs;
  }

  /** A pool that has a piece for each worker. */
  public static BufferPool scratch(int workers) {
    return new BufferPool(Integer.highestOneBit(workers * PIECE * 2 - 1));
  }

  @Override
  public void data(long offset, ByteBuffer data) {
    for (int at = 0; at < data.remaining(); at += PIECE) {
      ByteBuffer piece = data.slice(data.position() + at, Math.min(PIECE, data.remaining() - at));
      compare(offset + at, piece);
    }
  }

  @Override
  public void zero(long offset, long length) {
    for (long at = 0; at < length; at += PIECE) {
      int piece = (int) Math.min(PIECE, length - at);
      try (BufferPool.Buffer held = read(offset + at, piece)) {
        Extents runs = Zeros.split(held.bytes(), offset + at);
        for (int i = 0; i < runs.size(); i++) {
          if (!runs.isZero(i)) {
            differs.zero(runs.offset(i), runs.length(i));
          }
        }
      }
      compared.addAndGet(piece);
    }
  }

  /** Bytes compared. */
  public long bytesCompared() {
    return compared.get();
  }

  private void compare(long offset, ByteBuffer piece) {
    try (BufferPool.Buffer held = read(offset, piece.remaining())) {
      int at = 0;
      while (at < piece.limit()) {
        int step =
            piece
                .slice(at, piece.limit() - at)
                .mismatch(held.bytes().slice(at, piece.limit() - at));
        if (step < 0) {
          break;
        }
        // the whole block around the first byte that differs, and the blocks after it that differ
        // too
        int from = Math.max(0, at + step - (int) ((offset + at + step) % Zeros.BLOCK));
        int to = from;
        do {
          to = (int) Math.min(piece.limit(), to + Zeros.BLOCK - (offset + to) % Zeros.BLOCK);
        } while (to < piece.limit() && blockDiffers(offset, piece, held.bytes(), to));
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
          SyncException.failed("compare", replica).because("the thread was interrupted").cause(e));
    }
    try {
      replica.read(offset, buffer.bytes());
      buffer.bytes().flip();
      return buffer;
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }
}
