// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.digest.Layers;
import com.oneprocloud.sync.engine.internal.verify.ReplicaCheck;
import java.util.Optional;

/**
 * Holds a replica against the digests in its chain: does it still hold its newest point, byte for
 * byte? Needs the chain store and the target, and neither a cluster nor a cloud.
 *
 * <p>The replica's own record names the newest manifest by its hash, that one its record of digests
 * and its predecessor, and so on back to the record that names every block; all of them are held to
 * their hashes. Digests are XXH64 of blocks of 64 KiB: they tell accidents, not whoever makes
 * blocks of equal digests on purpose. A block of which a run changed a part was digested as a whole
 * after that: rot in the rest of it, from before that run, is not seen here; {@link
 * com.oneprocloud.sync.api.chain.Verification#ROTATING} and {@code ALL} hold it against the source.
 *
 * <p>Nothing is written. Memory is a few MiB, and the manifests since the last complete record, 65
 * at the most. Stateless; runs cannot write to the replica meanwhile.
 */
public final class OfflineCheck {
  private OfflineCheck() {}

  /**
   * Checks a replica.
   *
   * @param chains where its chain is
   * @param target where it is
   * @param name its name
   * @return what was found; that something differs is no exception
   * @throws NotFoundException if there is no such chain, or no replica
   * @throws ConflictException if a run is changing the replica, or was cut short while it did
   * @throws TargetException if the replica is of another point than the newest one, or cannot be
   *     read
   * @throws com.oneprocloud.sync.api.ChainBrokenException if a record of the chain is missing or
   *     was changed; nothing is known of the replica then
   * @throws InterruptedException if the thread was interrupted
   */
  public static OfflineReport run(ChainStore chains, Target target, ReplicaName name)
      throws InterruptedException {
    try {
      return check(chains, target, name);
    } catch (RuntimeException e) {
      if (Thread.interrupted()) {
        // an interrupt closes the files that it hits, whose errors say nothing of it
        InterruptedException interrupted = new InterruptedException("interrupted");
        interrupted.initCause(e);
        throw interrupted;
      }
      throw e;
    }
  }

  private static OfflineReport check(ChainStore chains, Target target, ReplicaName name)
      throws InterruptedException {
    ChainId chain = new ChainId(name, target.id());
    CommittedManifest point =
        chains
            .head(chain)
            .orElseThrow(
                () ->
                    new NotFoundException(
                        SyncException.failed("check offline", chain)
                            .because("the chain has no point")
                            .advice("Give the chain store and the target as runs have them.")));
    if (target.state(name) instanceof ReplicaState.Empty) {
      throw new NotFoundException(
          SyncException.failed("check offline", chain)
              .because("there is no replica")
              .advice("Look for the target: an unmounted disk looks like an empty directory."));
    }
    try (Replica replica = target.openToRead(name)) {
      Optional<String> changed = changed(replica.state(), point);
      ReplicaCheck check = new ReplicaCheck(replica, point.manifest().size());
      check.run(chains, Layers.manifests(chains, point));
      if (!chains.head(chain).equals(Optional.of(point))) {
        throw new ConflictException(
            SyncException.failed("check offline", chain)
                .because("a run committed another point meanwhile")
                .advice("Check again."));
      }
      return new OfflineReport(
          point, check.bytesChecked(), check.bytesUnknown(), check.differing(), changed);
    }
  }

  private static Optional<String> changed(ReplicaState state, CommittedManifest point) {
    Manifest manifest = point.manifest();
    if (state instanceof ReplicaState.Changed changed) {
      return Optional.of(changed.how());
    }
    if (state instanceof ReplicaState.InFlight inFlight && !inFlight.run().equals(manifest.run())) {
      throw new ConflictException(
          SyncException.failed("check offline", manifest.chain())
              .because("run %s is changing the replica, or was cut short", inFlight.run().brief())
              .advice("Let the run end, or run again: it is taken up."));
    }
    if (state instanceof ReplicaState.Committed committed && !committed.at().equals(point.hash())) {
      throw new TargetException(
          SyncException.failed("check offline", manifest.chain())
              .because(
                  "the replica holds the point %s, the newest is #%d, %s",
                  committed.at().brief(), manifest.sequence(), point.hash().brief())
              .advice("Chain store and target are not of the same time: copy both again."));
    }
    return Optional.empty();
  }
}
