// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Lease;
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
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
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

  /** Writes a record of digests for the next manifest. */
  static void writeDigests(ChainStore store, Lease lease, byte[] record) {
    try (DigestOutput output = store.writeDigests(lease)) {
      int at = 0;
      for (int piece = 1; at < record.length; piece = piece * 2 % 150_001 + 1) {
        int length = Math.min(piece, record.length - at);
        ByteBuffer bytes = ByteBuffer.wrap(record, at, length);
        output.write(bytes);
        assertEquals(0, bytes.remaining());
        at += length;
      }
      output.finish();
    }
  }

  /** All of a record of digests. */
  static byte[] readDigests(ChainStore store, Manifest manifest) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    ByteBuffer piece = ByteBuffer.allocate(70_000);
    try (DigestInput input = store.readDigests(manifest)) {
      while (input.read(piece.clear()) >= 0) {
        all.write(piece.array(), 0, piece.position());
      }
    }
    return all.toByteArray();
  }

  /** A record of digests, as its manifest names it if it names every block. */
  static DigestRecord complete(byte[] record, long sequence) {
    return new DigestRecord(record.length, sha256(record), sequence, record.length, 0);
  }

  /** A record of digests that adds to those before it. */
  static DigestRecord added(byte[] record, Manifest before) {
    DigestRecord digests = before.digests().orElseThrow();
    return new DigestRecord(
        record.length,
        sha256(record),
        digests.base(),
        digests.baseBytes(),
        digests.bytesSince() + record.length);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** The same manifest with digests. */
  static Manifest with(Manifest of, DigestRecord digests) {
    return new Manifest(
        of.chain(),
        of.sequence(),
        of.previous(),
        of.run(),
        of.committed(),
        of.image(),
        of.identity(),
        of.layout(),
        of.parent(),
        of.snapshot(),
        of.base(),
        of.verdict(),
        of.reason(),
        of.extents(),
        of.verification(),
        of.maps(),
        Optional.of(digests));
  }
}
