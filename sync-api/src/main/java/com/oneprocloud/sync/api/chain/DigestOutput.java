// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import java.nio.ByteBuffer;

/**
 * Takes a record of digests, piece by piece, and keeps none of it in memory. Not thread-safe.
 *
 * <p>{@link #write} and {@link #finish} throw {@link ChainBrokenException} if the lease was lost,
 * at the latest when it is finished, and {@link com.oneprocloud.sync.api.StorageException} if the
 * store cannot be written.
 */
public interface DigestOutput extends AutoCloseable {
  /**
   * Adds bytes to the record.
   *
   * @param bytes stays the caller's; its position is at its limit afterwards
   */
  void write(ByteBuffer bytes);

  /** Ends the record. Durable on return; it belongs to the next manifest that is committed. */
  void finish();

  /** Gives up what was not finished; after {@link #finish} it does nothing. */
  @Override
  void close();
}
