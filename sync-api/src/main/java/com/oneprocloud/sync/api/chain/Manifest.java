// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * The durable record of one committed point of one disk. It names its predecessor by hash, so a
 * chain can be checked from its newest manifest back to its first without asking anybody.
 *
 * @param chain the chain it belongs to
 * @param sequence 0 for the first of a chain, then one more each
 * @param previous the manifest before it; empty for the first of a chain
 * @param run the run that committed it
 * @param committed when
 * @param image where the image was
 * @param identity which image it was
 * @param layout how it was cut into objects
 * @param parent its parent at the snapshot, if it was a clone
 * @param snapshot the snapshot whose bytes the replica holds
 * @param base the snapshot that it was compared with; empty if everything was moved or compared
 * @param verdict what the run did
 * @param reason why
 * @param extents what was written to the replica; neighbouring extents may have been joined to save
 *     space, so it may name more
 * @param verification how the replica was held against the snapshot
 * @param maps what the replica rests on object maps for
 * @param digests what the blocks of the replica digest to, recorded beside it; empty if a version
 *     of this SDK committed it that did not
 */
public record Manifest(
    ChainId chain,
    long sequence,
    Optional<ManifestHash> previous,
    RunId run,
    Instant committed,
    ImageSpec image,
    ImageIdentity identity,
    Layout layout,
    Optional<ParentLink> parent,
    SnapshotRef snapshot,
    Optional<SnapshotRef> base,
    Verdict verdict,
    VerdictReason reason,
    Extents extents,
    Verification verification,
    MapTrust maps,
    Optional<DigestRecord> digests) {
  /** A manifest of a replica that rests on no object maps, without digests. */
  public Manifest(
      ChainId chain,
      long sequence,
      Optional<ManifestHash> previous,
      RunId run,
      Instant committed,
      ImageSpec image,
      ImageIdentity identity,
      Layout layout,
      Optional<ParentLink> parent,
      SnapshotRef snapshot,
      Optional<SnapshotRef> base,
      Verdict verdict,
      VerdictReason reason,
      Extents extents,
      Verification verification) {
    this(
        chain,
        sequence,
        previous,
        run,
        committed,
        image,
        identity,
        layout,
        parent,
        snapshot,
        base,
        verdict,
        reason,
        extents,
        verification,
        MapTrust.UNUSED,
        Optional.empty());
  }

  /** Checks that all parts are there and that only the first manifest has no predecessor. */
  public Manifest {
    Objects.requireNonNull(chain, "chain");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(committed, "committed");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(layout, "layout");
    Objects.requireNonNull(parent, "parent");
    Objects.requireNonNull(snapshot, "snapshot");
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(reason, "reason");
    Objects.requireNonNull(extents, "extents");
    Objects.requireNonNull(verification, "verification");
    Objects.requireNonNull(maps, "maps");
    Objects.requireNonNull(digests, "digests");
    if (previous.isPresent() == (sequence == 0) || sequence < 0) {
      throw new IllegalArgumentException("manifest " + sequence + " with predecessor " + previous);
    }
    if (digests
        .filter(it -> it.complete() ? it.base() != sequence : it.base() >= sequence)
        .isPresent()) {
      throw new IllegalArgumentException("manifest " + sequence + " with " + digests.get());
    }
  }

  /** Bytes of the replica. */
  public long size() {
    return snapshot.size();
  }
}
