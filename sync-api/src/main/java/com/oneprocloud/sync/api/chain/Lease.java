// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.ChainBrokenException;

/**
 * The right to write to one chain, for a limited time. A lease that expired may be taken over by
 * another holder; its own holder is then refused at the next write, so two proxies can never fork a
 * chain.
 *
 * <p>Thread-safe. Closing gives the lease back, on an interrupted thread too; closing twice, or
 * after it was lost, does nothing.
 */
public interface Lease extends AutoCloseable {
  /** The chain. */
  ChainId chain();

  /** A number that is greater for each later holder of the chain's lease. */
  long token();

  /**
   * Extends the lease by its full time from now.
   *
   * @throws ChainBrokenException if another holder has taken it over
   * @throws IllegalStateException if it was closed
   */
  void renew();

  @Override
  void close();
}
