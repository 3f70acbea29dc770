// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.engine.memory.MemoryDisk;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * A server that writes to its disk until it is closed: mostly to a few hot places, in small pieces.
 */
final class Guest implements AutoCloseable {
  private static final int MIB = 1 << 20;
  private static final int PIECES = 300;
  private static final long OBJECT = 4L * MIB;
  private static final int HOT_PIECES = 20;
  private static final long PAUSE_NANOS = 15_000_000;

  private final MemoryDisk disk;
  private final SplittableRandom random = new SplittableRandom(20_261_122);
  private final AtomicLong written = new AtomicLong();
  private final Thread thread = new Thread(this::work, "guest");
  private volatile boolean off;

  Guest(MemoryDisk disk) {
    this.disk = disk;
  }

  /** Puts data on the disk: 300 pieces of 1 MiB, spread over all of it. */
  void install() {
    ByteBuffer piece = ByteBuffer.allocate(MIB);
    for (int i = 0; i < PIECES; i++) {
      disk.write(place(i), fill(piece, MIB));
    }
  }

  /** Begins to write. */
  void start() {
    thread.setDaemon(true);
    thread.start();
  }

  /** Bytes written since the start. */
  long written() {
    return written.get();
  }

  /** Writes one piece of new data. */
  void write(long offset, int length) {
    disk.write(offset, fill(ByteBuffer.allocate(length), length));
    written.addAndGet(length);
  }

  /** Stops writing. */
  @Override
  public void close() {
    off = true;
    LockSupport.unpark(thread);
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void work() {
    SplittableRandom own = new SplittableRandom(7);
    ByteBuffer piece = ByteBuffer.allocate(MIB / 8);
    while (!off) {
      int length = 4096 * (1 + own.nextInt(32));
      int index = own.nextInt(own.nextInt(10) < 7 ? HOT_PIECES : PIECES);
      disk.write(place(index) + 4096L * own.nextInt((MIB - length) / 4096), fill(piece, length));
      written.addAndGet(length);
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }

  /** Each piece begins an object of its own. */
  private static long place(int index) {
    return MemoryStory.SIZE / OBJECT * index / PIECES * OBJECT;
  }

  private ByteBuffer fill(ByteBuffer buffer, int length) {
    buffer.clear();
    SplittableRandom bytes = split();
    while (buffer.position() < length) {
      buffer.putLong(bytes.nextLong());
    }
    return buffer.flip();
  }

  private synchronized SplittableRandom split() {
    return random.split();
  }
}
