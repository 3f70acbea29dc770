// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * A run of one chain that began and has not committed: what has to be known to take it up, or to
 * clean up after it. Recorded before its snapshot is taken, so that no crash can leave a snapshot
 * that nobody remembers.
 *
 * @param chain the chain
 * @param run the run
 * @param started when it began
 * @param image where the image is
 * @param identity which image it is
 * @param snapshotName the name of the snapshot, taken or about to be
 * @param snapshot the snapshot, once it is taken
 * @param base the snapshot that it is compared with; empty if everything is moved
 * @param from the manifest that the replica held when the run began, if any
 * @param verdict what the run does
 * @param reason why
 * @param usesMaps whether object maps told what to move, of a part of the image and for a while at
 *     least
 */
public record OpenRun(
    ChainId chain,
    RunId run,
    Instant started,
    ImageSpec image,
    ImageIdentity identity,
    String snapshotName,
    Optional<SnapshotRef> snapshot,
    Optional<SnapshotRef> base,
    Optional<ManifestHash> from,
    Verdict verdict,
    VerdictReason reason,
    boolean usesMaps) {
  /** A run that does not use object maps. */
  public OpenRun(
      ChainId chain,
      RunId run,
      Instant started,
      ImageSpec image,
      ImageIdentity identity,
      String snapshotName,
      Optional<SnapshotRef> snapshot,
      Optional<SnapshotRef> base,
      Optional<ManifestHash> from,
      Verdict verdict,
      VerdictReason reason) {
    this(
        chain,
        run,
        started,
        image,
        identity,
        snapshotName,
        snapshot,
        base,
        from,
        verdict,
        reason,
        false);
  }

  /** Checks that all parts are there. */
  public OpenRun {
    Objects.requireNonNull(chain, "chain");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(started, "started");
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(identity, "identity");
    Objects.requireNonNull(snapshotName, "snapshotName");
    Objects.requireNonNull(snapshot, "snapshot");
    Objects.requireNonNull(base, "base");
    Objects.requireNonNull(from, "from");
    Objects.requireNonNull(verdict, "verdict");
    Objects.requireNonNull(reason, "reason");
  }

  /** The same run with its snapshot taken. */
  public OpenRun taken(SnapshotRef taken) {
    return with(taken.name(), Optional.of(taken), base, verdict, reason, usesMaps);
  }

  /** The same run, with object maps telling what to move. */
  public OpenRun withMaps() {
    return with(snapshotName, snapshot, base, verdict, reason, true);
  }

  /** The same run, with everything compared instead of what changed moved. */
  public OpenRun resync(VerdictReason why) {
    return with(snapshotName, snapshot, Optional.empty(), Verdict.CHECKSUM_RESYNC, why, usesMaps);
  }

  private OpenRun with(
      String name,
      Optional<SnapshotRef> point,
      Optional<SnapshotRef> since,
      Verdict does,
      VerdictReason why,
      boolean maps) {
    return new OpenRun(
        chain, run, started, image, identity, name, point, since, from, does, why, maps);
  }
}
