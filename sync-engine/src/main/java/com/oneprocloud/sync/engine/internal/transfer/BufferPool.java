// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Direct buffers cut from one slab: the engine's whole memory for data, and so its limit of bytes
 * in flight.
 *
 * <p>The slab is cut into blocks, each of which belongs to one {@link Allotment} as long as any of
 * it is out. Within a block, a buddy allocator: a buffer has the power of two that holds what was
 * asked for, and is joined with its neighbour again when both are free. Who asks first is served
 * first, so that a large request is not starved by small ones.
 *
 * <p>An allotment that holds nothing finds room whatever the others hold and never give back: as
 * many blocks stay free as there are allotments with nothing, though at most half of all. That is
 * enough for each if there are two blocks of {@link #SMALL_BLOCK} for an allotment. Thread-safe.
 */
public final class BufferPool {
  /** The smallest piece. */
  static final int MIN_BYTES = 16 << 10;

  /**
   * The largest block, and so the most bytes of one read. Measured: 4 MiB took longer with the
   * memory that is there by default, 1 MiB cost more CPU.
   */
  static final int MAX_BYTES = 2 << 20;

  /** No smaller blocks for the sake of many allotments, unless the pool is small. */
  private static final int SMALL_BLOCK = 512 << 10;

  private final ByteBuffer slab;
  private final int blockBytes;
  private final int blocks;
  private final int allotments;
  private final Allotment common = new Allotment();

  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by the lock, as all that follows. */
  private final Deque<Block> free = new ArrayDeque<>();

  private final Deque<Request> waiting = new ArrayDeque<>();

  /** Allotments that have a block. */
  private int holding;

  private long bytesOut;

  /**
   * A pool for one user.
   *
   * @param bytes its size; at least 16 KiB, rounded down to whole blocks
   */
  public BufferPool(int bytes) {
    this(bytes, 1);
  }

  /**
   * A pool.
   *
   * @param bytes its size; at least 16 KiB, rounded down to whole blocks
   * @param allotments how many allotments use it at a time
   */
  public BufferPool(int bytes, int allotments) {
    int size = Math.max(bytes, MIN_BYTES);
    this.allotments = allotments;
    this.blockBytes = blockBytes(size, allotments);
    this.blocks = size / blockBytes;
    this.slab = ByteBuffer.allocateDirect(blocks * blockBytes);
    for (int i = 0; i < blocks; i++) {
      free.add(new Block(i * blockBytes));
    }
  }

  /** Two blocks for each allotment, though none of less than what is worth a read. */
  private static int blockBytes(int size, int allotments) {
    int fair = allotments == 1 ? size : size / 2 / allotments;
    int least = Math.max(MIN_BYTES, Math.min(SMALL_BLOCK, size / 16));
    return Integer.highestOneBit(Math.min(Math.max(fair, least), MAX_BYTES));
  }

  /** Bytes of all its buffers. */
  public int capacity() {
    return slab.capacity();
  }

  /** Bytes that are out now. */
  public long bytesOut() {
    lock.lock();
    try {
      return bytesOut;
    } finally {
      lock.unlock();
    }
  }

  /** An allotment for a user of its own, to be dropped when all its buffers are back. */
  public Allotment allotment() {
    return new Allotment();
  }

  /** Takes a buffer of a pool for one user; see {@link Allotment#take}. */
  public Buffer take(int bytes) throws InterruptedException {
    return common.take(bytes);
  }

  /** Serves those who wait, in the order in which they asked. */
  private void serve() {
    boolean overtaking = false;
    for (Iterator<Request> requests = waiting.iterator(); requests.hasNext(); ) {
      Request request = requests.next();
      boolean hasNothing = request.allotment.mine.isEmpty();
      // who has something and waits for more is overtaken only by those who have nothing
      if (overtaking && !hasNothing) {
        continue;
      }
      request.piece = request.allotment.find(request.bytes);
      if (request.piece != null) {
        requests.remove();
        request.served.signal();
      } else if (hasNothing) {
        return;
      } else {
        overtaking = true;
      }
    }
  }

  /** What one user holds. Thread-safe. */
  public final class Allotment {
    /** Blocks of which some is out. */
    private final List<Block> mine = new ArrayList<>();

    private Allotment() {}

    /** The largest buffer that can be asked for, in bytes. */
    public int largest() {
      return blockBytes;
    }

    /** Bytes of all buffers of the pool. */
    public int capacity() {
      return slab.capacity();
    }

    /**
     * Takes a buffer, waiting until there is one.
     *
     * @param bytes its size; 1 to {@link #largest}
     * @return a buffer whose bytes are from position 0 to a limit of {@code bytes}; not zeroed; to
     *     be closed by the caller
     */
    public Buffer take(int bytes) throws InterruptedException {
      if (bytes <= 0 || bytes > blockBytes) {
        throw new IllegalArgumentException("a buffer of " + bytes + " bytes from " + blockBytes);
      }
      lock.lockInterruptibly();
      try {
        Piece piece = waiting.isEmpty() ? find(bytes) : null;
        return new Buffer(this, piece == null ? await(bytes) : piece, bytes);
      } finally {
        lock.unlock();
      }
    }

    private Piece await(int bytes) throws InterruptedException {
      Request request = new Request(this, bytes, lock.newCondition());
      waiting.addLast(request);
      serve();
      try {
        while (request.piece == null) {
          request.served.await();
        }
        return request.piece;
      } catch (InterruptedException e) {
        waiting.remove(request);
        if (request.piece != null) {
          giveBack(request.piece);
        }
        serve();
        throw e;
      }
    }

    /** Null if it cannot have one now. */
    private @Nullable Piece find(int bytes) {
      int order = orderOf(bytes);
      for (Block block : mine) {
        Piece piece = block.cut(order);
        if (piece != null) {
          return piece;
        }
      }
      if (free.isEmpty() || (!mine.isEmpty() && free.size() <= reserved())) {
        return null;
      }
      holding += mine.isEmpty() ? 1 : 0;
      Block block = free.removeFirst();
      mine.add(block);
      return block.cut(order);
    }

    private void giveBack(Piece piece) {
      Block block = piece.block;
      block.join(piece);
      if (block.bytesOut == 0) {
        mine.remove(block);
        free.addFirst(block);
        holding -= mine.isEmpty() ? 1 : 0;
      }
    }

    /** How many blocks have to stay free for those that have none. */
    private int reserved() {
      return Math.min(blocks / 2, allotments - holding);
    }
  }

  private static int orderOf(int bytes) {
    int pieces = (bytes + MIN_BYTES - 1) / MIN_BYTES;
    return pieces == 1 ? 0 : 32 - Integer.numberOfLeadingZeros(pieces - 1);
  }

  private static int pieceBytes(int order) {
    return MIN_BYTES << order;
  }

  /** Who waits for a piece. */
  private static final class Request {
    final Allotment allotment;
    final int bytes;
    final Condition served;
    @Nullable Piece piece;

    Request(Allotment allotment, int bytes, Condition served) {
      this.allotment = allotment;
      this.bytes = bytes;
      this.served = served;
    }
  }

  private record Piece(Block block, int order, int index) {
    int offset() {
      return block.offset + index * pieceBytes(order);
    }
  }

  /** A part of the slab, cut into pieces. */
  private final class Block {
    private final int offset;

    /** For each order, the indexes of its free pieces. */
    private final List<BitSet> pieces = new ArrayList<>();

    private int bytesOut;

    Block(int offset) {
      this.offset = offset;
      for (int order = 0; order <= orderOf(blockBytes); order++) {
        pieces.add(new BitSet());
      }
      pieces.get(orderOf(blockBytes)).set(0);
    }

    /** A piece of that order, cut from a larger one if need be; null if there is none. */
    @Nullable Piece cut(int order) {
      int from = order;
      while (from < pieces.size() && pieces.get(from).isEmpty()) {
        from++;
      }
      if (from == pieces.size()) {
        return null;
      }
      int index = pieces.get(from).nextSetBit(0);
      pieces.get(from).clear(index);
      while (from > order) {
        from--;
        index *= 2;
        pieces.get(from).set(index + 1);
      }
      count(pieceBytes(order));
      return new Piece(this, order, index);
    }

    /** Makes a piece free, and joins it with its neighbours. */
    void join(Piece piece) {
      int order = piece.order;
      int index = piece.index;
      while (order < pieces.size() - 1 && pieces.get(order).get(index ^ 1)) {
        pieces.get(order).clear(index ^ 1);
        index /= 2;
        order++;
      }
      pieces.get(order).set(index);
      count(-pieceBytes(piece.order));
    }

    private void count(int bytes) {
      bytesOut += bytes;
      BufferPool.this.bytesOut += bytes;
    }
  }

  /** A buffer that is out. Closing gives it back; closing twice does nothing. */
  public final class Buffer implements AutoCloseable {
    private final Allotment allotment;
    private final Piece piece;
    private final ByteBuffer bytes;
    private boolean closed;

    private Buffer(Allotment allotment, Piece piece, int bytes) {
      this.allotment = allotment;
      this.piece = piece;
      this.bytes = slab.slice(piece.offset(), bytes);
    }

    /** The memory; must not be touched after the buffer was closed. */
    public ByteBuffer bytes() {
      return bytes;
    }

    @Override
    public void close() {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
      }
      lock.lock();
      try {
        allotment.giveBack(piece);
        serve();
      } finally {
        lock.unlock();
      }
    }
  }
}
