// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import java.nio.ByteBuffer;

/** Gives a record of digests, piece by piece. Not thread-safe. */
public interface DigestInput extends AutoCloseable {
  /**
   * Reads some bytes. What was read is to be relied on only once the end was reached.
   *
   * @param into at least one byte remaining; its position is behind what was read afterwards
   * @return how many; -1 at the end
   * @throws ChainBrokenException if the record is not the one that the manifest names; at the
   *     latest where it ends
   */
  int read(ByteBuffer into);

  @Override
  void close();
}
