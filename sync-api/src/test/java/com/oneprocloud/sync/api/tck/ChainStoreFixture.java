// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import java.time.Duration;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * What chain stores keep their records in, empty at first, as {@link ChainStoreContract} sees it.
 */
public interface ChainStoreFixture extends AutoCloseable {
  /** Opens a store on the storage, as one more proxy would; closed by the caller. */
  ChainStore connect();

  /**
   * Opens a store as a proxy would whose clock is wrong.
   *
   * @param ahead how far its clock is ahead; negative if it is behind
   */
  ChainStore connect(Duration ahead);

  /** How wrong a proxy's clock may be without it taking a lease that is alive. */
  Duration skewTolerated();

  /** Lets time pass for leases. */
  void pass(Duration time);

  /** Changes the record of a manifest behind the store's back. */
  void rewrite(ChainId chain, long sequence, UnaryOperator<byte[]> change);

  /** Removes the record of a manifest behind the store's back. */
  void remove(ChainId chain, long sequence);

  /** Changes the record of digests of a manifest behind the store's back. */
  void rewriteDigests(ChainId chain, long sequence, UnaryOperator<byte[]> change);

  /** Removes the record of digests of a manifest behind the store's back. */
  void removeDigests(ChainId chain, long sequence);

  /** The numbers of the manifests, committed or not, of which there is a record of digests. */
  Set<Long> digests(ChainId chain);

  @Override
  void close();
}
