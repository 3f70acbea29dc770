// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;

/**
 * Blocks that digests called different, until a byte of them is found to be. A block that was
 * compared and has no such byte contradicts the digests: what they called equal is not to be
 * believed either. Holds what is under way between the two, no more. Thread-safe.
 */
public final class Suspects {
  /** The ends of blocks by their first byte. Guarded by this. */
  private final TreeMap<Long, Long> blocks = new TreeMap<>();

  /** No suspects. */
  public Suspects() {}

  /** Adds blocks before they are compared. */
  synchronized void add(Extents differing) {
    BlockDigests.cut(
        differing, (index, offset, length) -> blocks.put(offset, Math.addExact(offset, length)));
  }

  /**
   * Throws if a block does not differ in spite of its digests.
   *
   * @param done everything below this offset was compared
   * @throws ContradictionException if there is one
   */
  public synchronized void check(long done) {
    Map.Entry<Long, Long> first = blocks.firstEntry();
    if (first != null && first.getValue() <= done) {
      throw new ContradictionException(first.getKey());
    }
  }

  /** A stage that is given what differs, and takes note before it hands it on. */
  public Pipeline.Stage before(Pipeline.Stage next) {
    return new Pipeline.Stage() {
      @Override
      public void data(long offset, ByteBuffer data) {
        differs(offset, data.remaining());
        next.data(offset, data);
      }

      @Override
      public void zero(long offset, long length) {
        next.zero(offset, length);
      }
    };
  }

  private synchronized void differs(long offset, long length) {
    Map.Entry<Long, Long> before = blocks.lowerEntry(offset);
    if (before != null && before.getValue() > offset) {
      blocks.remove(before.getKey());
    }
    blocks.subMap(offset, offset + length).clear();
  }

  /** Digests were contradicted by the bytes. */
  public static final class ContradictionException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ContradictionException(long offset) {
      super("digests of the block at offset " + offset + " differ, but its bytes do not");
    }
  }
}
