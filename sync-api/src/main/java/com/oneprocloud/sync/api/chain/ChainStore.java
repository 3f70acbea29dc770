// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Keeps chains: their manifests, the run that is open on each, and the lease that says who may
 * write.
 *
 * <p>Thread-safe. What a method recorded is durable when it returns, unless its description says
 * otherwise. Every method that takes a {@link Lease} throws {@link ChainBrokenException} if that
 * lease was lost, {@link IllegalStateException} if it was closed, and {@link
 * IllegalArgumentException} if it is another store's or another chain's than the record, in each
 * case without having recorded anything. A store that cannot be read or written is a {@link
 * com.oneprocloud.sync.api.StorageException}; a record of a later format is an {@link
 * com.oneprocloud.sync.api.UnsupportedException}.
 */
public interface ChainStore extends AutoCloseable {
  /**
   * Takes the lease of a chain.
   *
   * @param chain the chain
   * @param holder who takes it, for people
   * @param time how long it holds without being renewed
   * @throws ConflictException if somebody else holds it; the message says who and until when
   */
  Lease acquire(ChainId chain, String holder, Duration time);

  /**
   * The newest manifest of a chain.
   *
   * @throws ChainBrokenException if the record is damaged
   */
  default Optional<CommittedManifest> head(ChainId chain) {
    return newest(chain, 1).stream().findFirst();
  }

  /**
   * The newest manifests of a chain, the newest first, each checked against the hash that its
   * successor has of it.
   *
   * @param chain the chain
   * @param most how many at the most; {@link Integer#MAX_VALUE} checks the chain to its first
   * @throws ChainBrokenException if one is missing or damaged
   */
  List<CommittedManifest> newest(ChainId chain, int most);

  /** The run that is open on a chain, if any. */
  Optional<OpenRun> openRun(ChainId chain);

  /** How far the open run of a chain has come; empty if none is open or it recorded nothing. */
  Optional<RunProgress> progress(ChainId chain);

  /**
   * Records a run as open, or records more of the one that is open. A run of another id replaces
   * what is there.
   */
  void open(Lease lease, OpenRun run);

  /**
   * Records progress of the open run.
   *
   * @param durable whether the record must survive a power failure; if not, it survives the end of
   *     the process
   * @throws IllegalStateException if no run is open
   */
  void progress(Lease lease, RunProgress progress, boolean durable);

  /** Records that the open run was given up. Does nothing if none is open. */
  void abandon(Lease lease);

  /**
   * Begins the record of digests that goes with the next manifest. One that was begun or finished
   * before, and whose manifest was not committed, is forgotten.
   *
   * @return to be finished before the commit, and closed by the caller
   */
  DigestOutput writeDigests(Lease lease);

  /**
   * The record of digests of a manifest.
   *
   * @param manifest a manifest that has digests
   * @return to be closed by the caller
   * @throws ChainBrokenException if there is none, or it is another one
   * @throws IllegalArgumentException if the manifest has no digests
   */
  DigestInput readDigests(Manifest manifest);

  /**
   * Records a point as committed and its run as no longer open, in one step. After that, records of
   * digests that are older than {@link DigestRecord#base} are removed.
   *
   * @return the manifest with its hash
   * @throws ChainBrokenException if the manifest does not follow the newest one
   * @throws IllegalStateException if it has digests of which no record was finished
   */
  CommittedManifest commit(Lease lease, Manifest manifest);

  /** All chains that the store knows. */
  List<ChainId> chains();

  @Override
  void close();
}
