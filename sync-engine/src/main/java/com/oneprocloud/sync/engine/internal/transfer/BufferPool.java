// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Direct buffers cut from one slab: the engine's whole memory for data, and so its limit of bytes
 * in flight.
 *
 * <p>A buddy allocator: a buffer has the power of two that holds what was asked for, and is joined
 * with its neighbour again when both are free. Who asks first is served first, so that a large
 * request is not starved by small ones. Thread-safe.
 */
public final class BufferPool {
  /** The smallest piece. */
  static final int MIN_BYTES = 16 << 10;

  private final ByteBuffer slab;
  private final int orders;

  /** For each order, the indexes of its free pieces. */
  private final BitSet[] free;

  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Condition> waiting = new ArrayDeque<>();
  private long bytesOut;

  /**
   * A pool.
   *
   * @param bytes its size; rounded down to a power of two of at least 16 KiB
   */
  public BufferPool(int bytes) {
    int size = Integer.highestOneBit(Math.max(bytes, MIN_BYTES));
    this.slab = ByteBuffer.allocateDirect(size);
    this.orders = Integer.numberOfTrailingZeros(size / MIN_BYTES) + 1;
    this.free = new BitSet[orders];
    for (int order = 0; order < orders; order++) {
      free[order] = new BitSet();
    }
    free[orders - 1].set(0);
  }

  /** The largest buffer that can be asked for, in bytes. */
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

  /**
   * Takes a buffer, waiting until there is one.
   *
   * @param bytes its size; 1 to {@link #capacity}
   * @return a buffer whose bytes are from position 0 to a limit of {@code bytes}; not zeroed; to be
   *     closed by the caller
   */
  public Buffer take(int bytes) throws InterruptedException {
    if (bytes <= 0 || bytes > capacity()) {
      throw new IllegalArgumentException("a buffer of " + bytes + " bytes from " + capacity());
    }
    int order = orderOf(bytes);
    lock.lockInterruptibly();
    try {
      int index = waiting.isEmpty() ? allocate(order) : -1;
      if (index < 0) {
        Condition turn = lock.newCondition();
        waiting.addLast(turn);
        try {
          do {
            turn.await();
            index = waiting.peekFirst() == turn ? allocate(order) : -1;
          } while (index < 0);
        } finally {
          waiting.remove(turn);
          wakeFirst();
        }
      }
      bytesOut += pieceBytes(order);
      return new Buffer(order, index, slab.slice(index * pieceBytes(order), bytes));
    } finally {
      lock.unlock();
    }
  }

  private void wakeFirst() {
    Condition first = waiting.peekFirst();
    if (first != null) {
      first.signal();
    }
  }

  private static int orderOf(int bytes) {
    int pieces = (bytes + MIN_BYTES - 1) / MIN_BYTES;
    return pieces == 1 ? 0 : 32 - Integer.numberOfLeadingZeros(pieces - 1);
  }

  private static int pieceBytes(int order) {
    return MIN_BYTES << order;
  }

  /** The index of a piece of that order, cutting a larger one if need be; -1 if there is none. */
  private int allocate(int order) {
    int from = order;
    while (from < orders && free[from].isEmpty()) {
      from++;
    }
    if (from == orders) {
      return -1;
    }
    int index = free[from].nextSetBit(0);
    free[from].clear(index);
    while (from > order) {
      from--;
      index *= 2;
      free[from].set(index + 1);
    }
    return index;
  }

  private void release(int order, int index) {
    lock.lock();
    try {
      bytesOut -= pieceBytes(order);
      int at = index;
      int level = order;
      while (level < orders - 1 && free[level].get(at ^ 1)) {
        free[level].clear(at ^ 1);
        at /= 2;
        level++;
      }
      free[level].set(at);
      wakeFirst();
    } finally {
      lock.unlock();
    }
  }

  /** A buffer that is out. Closing gives it back; closing twice does nothing. */
  public final class Buffer implements AutoCloseable {
    private final int order;
    private final int index;
    private final ByteBuffer bytes;
    private boolean closed;

    private Buffer(int order, int index, ByteBuffer bytes) {
      this.order = order;
      this.index = index;
      this.bytes = bytes;
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
      release(order, index);
    }
  }
}
