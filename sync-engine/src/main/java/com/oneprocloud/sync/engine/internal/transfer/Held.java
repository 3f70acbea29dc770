// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.target.Replica;
import java.nio.ByteBuffer;

/** Reads what a replica holds, for whoever compares it. Thread-safe. */
public interface Held {
  /**
   * Reads ranges one behind the other.
   *
   * @param into as many bytes as they have remain; its position is at its limit afterwards
   */
  void read(Extents ranges, ByteBuffer into);

  /** Just reads. */
  static Held of(Replica replica) {
    return (ranges, into) -> {
      for (int i = 0; i < ranges.size(); i++) {
        int length = (int) ranges.length(i);
        replica.read(ranges.offset(i), into.slice(into.position(), length));
        into.position(into.position() + length);
      }
    };
  }
}
