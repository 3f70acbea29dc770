// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The bytes of one version of an object, kept sparsely. A version made by {@link #fork} shares its
 * chunks with the version it came from until one of them is written to. Not thread-safe.
 */
final class Content {
  private static final int CHUNK = 4096;
  private static final byte[] ZEROS = new byte[CHUNK];

  /** Stands in for a chunk that was never written. */
  private static final byte[] HOLE = {};

  private byte[][] chunks = {};

  /** The chunks that no other version refers to. */
  private final BitSet own = new BitSet();

  private long size;

  long size() {
    return size;
  }

  /** A version with the same bytes. From now on neither may write to a chunk that both refer to. */
  Content fork() {
    own.clear();
    Content fork = new Content();
    fork.chunks = chunks.clone();
    fork.size = size;
    return fork;
  }

  /** Reads {@code length} bytes; holes and what lies beyond the size are zeros. */
  void read(long offset, long length, ByteBuffer into) {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      int within = (int) (at % CHUNK);
      int count = (int) Math.min(CHUNK - within, end - at);
      int index = (int) (at / CHUNK);
      byte[] chunk = index < chunks.length ? chunks[index] : HOLE;
      if (chunk == HOLE) {
        into.put(ZEROS, 0, count);
      } else {
        into.put(chunk, within, count);
      }
      at += count;
    }
  }

  /** Puts {@code length} zeros. */
  static void zeros(long length, ByteBuffer into) {
    for (long left = length; left > 0; left -= CHUNK) {
      into.put(ZEROS, 0, (int) Math.min(CHUNK, left));
    }
  }

  /** Writes {@code length} bytes of a buffer and grows to hold them. */
  void write(long offset, ByteBuffer from, long length) {
    long at = offset;
    long end = offset + length;
    while (at < end) {
      int within = (int) (at % CHUNK);
      int count = (int) Math.min(CHUNK - within, end - at);
      from.get(writable((int) (at / CHUNK)), within, count);
      at += count;
    }
    size = Math.max(size, end);
  }

  /** Makes a range zeros; leaves the size. */
  void zero(long offset, long length) {
    long at = offset;
    long end = Math.min(offset + length, (long) chunks.length * CHUNK);
    while (at < end) {
      int within = (int) (at % CHUNK);
      int count = (int) Math.min(CHUNK - within, end - at);
      int index = (int) (at / CHUNK);
      if (count == CHUNK) {
        chunks[index] = HOLE;
        own.clear(index);
      } else if (chunks[index] != HOLE) {
        Arrays.fill(writable(index), within, within + count, (byte) 0);
      }
      at += count;
    }
  }

  /** Cuts or grows to a size; what is grown reads as zeros. */
  void truncate(long newSize) {
    if (newSize < size) {
      zero(newSize, size - newSize);
    }
    size = newSize;
  }

  private byte[] writable(int index) {
    if (index >= chunks.length) {
      int before = chunks.length;
      chunks = Arrays.copyOf(chunks, Math.max(index + 1, Math.min(2 * before, index + 64)));
      Arrays.fill(chunks, before, chunks.length, HOLE);
    }
    if (!own.get(index)) {
      chunks[index] = chunks[index] == HOLE ? new byte[CHUNK] : chunks[index].clone();
      own.set(index);
    }
    return chunks[index];
  }
}
