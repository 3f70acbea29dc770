// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What is known of a disk's chain now, and what follows from it.
 *
 * @param head the chain's newest manifest
 * @param snapshots the snapshots of the image
 * @param decision what a run may do
 */
public record DiskFacts(
    Optional<CommittedManifest> head, List<Snapshot> snapshots, Decision decision) {

  /**
   * Gathers the facts. Reads image, chain store and the replica's record; writes nothing.
   *
   * @param image the image, just opened
   * @param chain the chain
   * @param chains where it is kept
   * @param replica what the replica says that it holds
   * @param mode what the caller wants
   */
  public static DiskFacts gather(
      Image image, ChainId chain, ChainStore chains, ReplicaState replica, SyncMode mode) {
    List<CommittedManifest> newest = chains.newest(chain, 2);
    List<Snapshot> snapshots = image.snapshotsWhenOpened();
    Optional<CommittedManifest> head = newest.stream().findFirst();
    ChainFacts facts =
        new ChainFacts(
            mode,
            image.identity(),
            image.layout(),
            snapshots.stream().map(Snapshot::id).collect(Collectors.toSet()),
            head,
            newest.stream().skip(1).findFirst(),
            chains.openRun(chain),
            replica,
            image.cacheTier());
    return new DiskFacts(head, snapshots, Decision.of(facts));
  }

  /** The snapshot that a new one will be compared with; empty if everything is moved. */
  public Optional<Snapshot> base() {
    Optional<SnapshotId> wanted = decision.base().map(SnapshotRef::id);
    return snapshots.stream().filter(it -> wanted.equals(Optional.of(it.id()))).findFirst();
  }

  /** What is known of the object maps of an image from earlier runs. */
  public MapTrust trust(ImageIdentity identity) {
    return trust(head, identity, decision.reason());
  }

  /**
   * What is known of the object maps of an image from earlier runs. A person who asks for
   * everything to be moved or compared lifts a quarantine.
   *
   * @param head the chain's newest manifest
   * @param reason why a run does what it does
   */
  public static MapTrust trust(
      Optional<CommittedManifest> head, ImageIdentity identity, VerdictReason reason) {
    return head.map(CommittedManifest::manifest)
        .filter(it -> it.identity().equals(identity) && reason != VerdictReason.REQUESTED)
        .map(Manifest::maps)
        .orElse(MapTrust.UNUSED);
  }
}
