// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaName;
import java.time.Instant;
import java.util.Optional;

/** Runs and manifests as an engine would record them, every field filled. */
final class ChainRecords {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "tenant", "volume-ä \"1\"");
  private static final ImageIdentity IDENTITY =
      new ImageIdentity("5e1f7f3c-0000-4000-8000-000000000001", 7, "tenant", "10e4ab66c2f1");
  private static final Instant TIME = Instant.parse("2026-02-03T04:05:06.789012Z");

  private ChainRecords() {}

  static ChainId chain(String group, String disk) {
    return new ChainId(new ReplicaName(group, disk), "directory:/replicas");
  }

  static OpenRun run(ChainId chain) {
    return new OpenRun(
        chain,
        RunId.random(),
        TIME,
        IMAGE,
        IDENTITY,
        "sync.default.1",
        Optional.empty(),
        Optional.of(snapshot(3)),
        Optional.of(new ManifestHash("ab".repeat(32))),
        Verdict.CONTINUE,
        VerdictReason.BASE_PRESENT);
  }

  /** The manifest of a run that follows another. */
  static Manifest after(Optional<CommittedManifest> head, OpenRun run) {
    return after(head, run, Extents.builder().add(0, 4096, false).add(1 << 20, 512, true).build());
  }

  static Manifest after(Optional<CommittedManifest> head, OpenRun run, Extents extents) {
    long sequence = head.map(it -> it.manifest().sequence() + 1).orElse(0L);
    return manifest(run, sequence, head.map(CommittedManifest::hash), extents);
  }

  static Manifest manifest(
      OpenRun run, long sequence, Optional<ManifestHash> previous, Extents extents) {
    boolean first = sequence % 2 == 0;
    return new Manifest(
        run.chain(),
        sequence,
        previous,
        run.run(),
        TIME.plusSeconds(sequence),
        IMAGE,
        IDENTITY,
        new Layout(4 << 20, 64 << 10, 3, 9),
        first
            ? Optional.empty()
            : Optional.of(new ParentLink(IDENTITY, SnapshotId.of(-2), 10L << 40)),
        snapshot(sequence),
        first ? Optional.empty() : Optional.of(snapshot(sequence - 1)),
        first ? Verdict.FULL : Verdict.CONTINUE,
        first ? VerdictReason.FIRST_POINT : VerdictReason.BASE_PRESENT,
        extents,
        Verification.CHANGED);
  }

  /** Ids are unsigned, so some of these are greater than any {@code long}. */
  static SnapshotRef snapshot(long number) {
    return new SnapshotRef(
        SnapshotId.of(-1 - number),
        "sync." + number,
        (50L << 40) + number,
        number % 2 == 0 ? Optional.empty() : Optional.of("cloud-" + number));
  }
}
