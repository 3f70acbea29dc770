// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import java.nio.ByteBuffer;

/**
 * Reads a replica in whole blocks, and logs the digest of each that it reads something of. A block
 * of which only a part is wanted is read as a whole, with the same read. Thread-safe while nobody
 * writes to the replica.
 */
public final class LoggedBlocks implements Held {
  private static final int BLOCK = BlockDigests.BLOCK;

  private final Replica replica;
  private final BlockLog log;

  /** A reader. */
  public LoggedBlocks(Replica replica, BlockLog log) {
    this.replica = replica;
    this.log = log;
  }

  @Override
  public void read(Extents ranges, ByteBuffer into) {
    Edge edge = new Edge();
    for (int i = 0; i < ranges.size(); i++) {
      long at = ranges.offset(i);
      long end = at + ranges.length(i);
      while (at < end) {
        long blockEnd = Blocks.ceiling(at + 1, log.size());
        if (at == Blocks.floor(at) && end >= blockEnd) {
          long to = end >= log.size() ? end : Blocks.floor(end);
          ByteBuffer whole = into.slice(into.position(), (int) (to - at));
          replica.read(at, whole);
          log.blocks(at, whole.flip());
          into.position(into.position() + whole.limit());
          at = to;
        } else {
          long to = Math.min(end, blockEnd);
          into.put(edge.block(at).slice((int) (at % BLOCK), (int) (to - at)));
          at = to;
        }
      }
    }
  }

  /** The last block that was read for a part of it: the next part is often of the same. */
  private final class Edge {
    private ByteBuffer bytes = ByteBuffer.allocate(0);
    private long offset = -1;

    ByteBuffer block(long of) {
      long begin = Blocks.floor(of);
      if (begin != offset) {
        if (bytes.capacity() == 0) {
          bytes = ByteBuffer.allocate(BLOCK);
        }
        bytes.clear().limit((int) (Blocks.ceiling(of + 1, log.size()) - begin));
        replica.read(begin, bytes);
        log.blocks(begin, bytes.flip());
        offset = begin;
      }
      return bytes;
    }
  }
}
