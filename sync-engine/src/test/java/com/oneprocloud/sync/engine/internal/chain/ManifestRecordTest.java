// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.MapTrust;
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
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ManifestRecordTest {
  /** What the records of format 1 in the resources say. They are never written again. */
  private static Manifest manifest() {
    return new Manifest(
        new ChainId(new ReplicaName("3f1c", "vda \u00e9"), "directory:/replicas"),
        7,
        Optional.of(new ManifestHash("0123456789abcdef".repeat(4))),
        new RunId("00112233445566778899aabbccddeeff"),
        Instant.parse("2026-02-03T04:05:06.789012Z"),
        ImageSpec.of("volumes", "tenant", "volume-1"),
        new ImageIdentity("0a83dd5f-7b69-4b6a-9d2c-0f6f3a3d1f10", 5, "tenant", "10226b8b4567"),
        new Layout(4 << 20, 64 << 10, 16, 9),
        Optional.of(
            new ParentLink(
                new ImageIdentity("0a83dd5f-7b69-4b6a-9d2c-0f6f3a3d1f10", 6, "", "abcdef"),
                SnapshotId.of(4),
                2L << 30)),
        new SnapshotRef(
            SnapshotId.of(-2),
            "sync.default.aabbccddeeff.7.00112233",
            3L << 40,
            Optional.of("b7e0")),
        Optional.of(
            new SnapshotRef(
                SnapshotId.of(12),
                "sync.default.aabbccddeeff.6.44556677",
                2L << 40,
                Optional.empty())),
        Verdict.CONTINUE,
        VerdictReason.SPARE_BASE_PRESENT,
        Extents.builder()
            .add(0, 4096, false)
            .add(4096, 1 << 20, true)
            .add(2L << 40, 1L << 40, false)
            .build(),
        Verification.ALL);
  }

  private static OpenRun run() {
    Manifest manifest = manifest();
    return new OpenRun(
        manifest.chain(),
        manifest.run(),
        manifest.committed(),
        manifest.image(),
        manifest.identity(),
        manifest.snapshot().name(),
        Optional.of(manifest.snapshot()),
        manifest.base(),
        manifest.previous(),
        Verdict.CONTINUE,
        VerdictReason.BASE_PRESENT);
  }

  @Test
  void recordsOfFormat1AreReadForEver() throws IOException {
    byte[] manifest = resource("manifest-format-1.json");
    assertEquals(manifest(), ManifestRecord.readManifest(manifest, "golden"));
    assertEquals(run(), ManifestRecord.readRun(resource("run-format-1.json"), "golden"));
    assertEquals(
        "159ed09cf94b91aacb6c15c55b29e64ec26de609ee2d262b8d435317c1fb9f14",
        ManifestRecord.hash(manifest).hex(),
        "successors know it by this hash");
  }

  @Test
  void writesWhatItReads() throws IOException {
    assertArrayEquals(resource("manifest-format-1.json"), ManifestRecord.write(manifest()));
    assertArrayEquals(resource("run-format-1.json"), ManifestRecord.write(run()));
  }

  @Test
  void whatIsAbsentStaysAbsent() {
    Manifest full = manifest();
    Manifest least =
        new Manifest(
            full.chain(),
            0,
            Optional.empty(),
            full.run(),
            full.committed(),
            ImageSpec.of("volumes", "volume-1"),
            new ImageIdentity("fsid", 1, "", "id"),
            full.layout(),
            Optional.empty(),
            new SnapshotRef(SnapshotId.of(1), "s", 0, Optional.empty()),
            Optional.empty(),
            Verdict.FULL,
            VerdictReason.FIRST_POINT,
            Extents.none(),
            Verification.NONE);
    assertEquals(least, ManifestRecord.readManifest(ManifestRecord.write(least), "least"));
  }

  /** Words that older versions do not know have a format that these refuse. */
  @Test
  void rotatingVerificationAndWhatItFoundAreOfFormat3() {
    Manifest plain = manifest();
    Manifest rotating = with(plain.reason(), Verification.ROTATING);
    Manifest repaired = with(VerdictReason.REPLICA_DIFFERS, Verification.ALL);
    for (Manifest manifest : List.of(rotating, repaired)) {
      byte[] record = ManifestRecord.write(manifest);
      assertTrue(new String(record, StandardCharsets.UTF_8).startsWith("{\n  \"format\" : 3,"));
      assertEquals(manifest, ManifestRecord.readManifest(record, "test"));
    }
    OpenRun repairing = run().withMaps().resync(VerdictReason.REPLICA_DIFFERS);
    byte[] record = ManifestRecord.write(repairing);
    assertTrue(new String(record, StandardCharsets.UTF_8).startsWith("{\n  \"format\" : 3,"));
    assertEquals(repairing, ManifestRecord.readRun(record, "test"));
    assertTrue(repairing.usesMaps(), "it had used them");
  }

  private static Manifest with(
      VerdictReason reason,
      Verification verification,
      MapTrust maps,
      Optional<DigestRecord> digests) {
    Manifest of = manifest();
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
        reason,
        of.extents(),
        verification,
        maps,
        digests);
  }

  private static Manifest with(VerdictReason reason, Verification verification) {
    return with(reason, verification, MapTrust.UNUSED, Optional.empty());
  }

  private static Manifest with(DigestRecord digests) {
    Manifest of = manifest();
    return with(of.reason(), of.verification(), of.maps(), Optional.of(digests));
  }

  /**
   * A version that does not know of them commits manifests without, after which nobody relies on
   * them: so it need not refuse the record.
   */
  @Test
  void digestsAreAFieldMoreOfTheSameFormat() {
    String sha256 = "fedcba9876543210".repeat(4);
    for (DigestRecord digests :
        List.of(
            new DigestRecord(1234, sha256, 7, 1234, 0),
            new DigestRecord(99, sha256, 3, 1L << 40, 100))) {
      Manifest manifest = with(digests);
      byte[] record = ManifestRecord.write(manifest);
      assertTrue(new String(record, StandardCharsets.UTF_8).startsWith("{\n  \"format\" : 1,"));
      assertEquals(manifest, ManifestRecord.readManifest(record, "test"));
    }
    assertThrows(IllegalArgumentException.class, () -> new DigestRecord(0, sha256, 7, 0, 0));
    assertThrows(IllegalArgumentException.class, () -> new DigestRecord(9, sha256, 7, 8, 0));
    assertThrows(IllegalArgumentException.class, () -> new DigestRecord(9, sha256, 7, 8, 8));
    assertThrows(IllegalArgumentException.class, () -> new DigestRecord(9, "ab", 7, 9, 0));
    // complete, and not its own; added to itself
    for (DigestRecord wrong :
        List.of(new DigestRecord(9, sha256, 6, 9, 0), new DigestRecord(9, sha256, 7, 9, 9))) {
      assertThrows(IllegalArgumentException.class, () -> with(wrong));
    }
  }

  /** What is said of object maps has a greater format, which older versions refuse. */
  @Test
  void recordsThatSpeakOfObjectMapsAreOfFormat2() {
    for (MapTrust trust : MapTrust.values()) {
      Manifest plain = manifest();
      Manifest manifest = with(plain.reason(), plain.verification(), trust, plain.digests());
      byte[] record = ManifestRecord.write(manifest);
      assertEquals(manifest, ManifestRecord.readManifest(record, "maps"));
      assertEquals(
          trust != MapTrust.UNUSED,
          new String(record, StandardCharsets.UTF_8).startsWith("{\n  \"format\" : 2,"));
    }
    OpenRun run = run().withMaps();
    assertTrue(run.usesMaps());
    byte[] record = ManifestRecord.write(run);
    assertEquals(run, ManifestRecord.readRun(record, "maps"));
    assertTrue(new String(record, StandardCharsets.UTF_8).startsWith("{\n  \"format\" : 2,"));
  }

  /** One byte changed anywhere, or the record cut anywhere. */
  @Test
  void damageAnywhereIsSeen() {
    byte[] record = ManifestRecord.write(manifest());
    SplittableRandom random = new SplittableRandom(RandomWorkload.seed());
    for (int at = 0; at < record.length; at++) {
      byte[] damaged = record.clone();
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      assertThrows(
          RuntimeException.class,
          () -> ManifestRecord.readManifest(damaged, "damaged"),
          "byte " + at);
    }
    for (int length = 0; length < record.length; length += 7) {
      byte[] cut = new byte[length];
      System.arraycopy(record, 0, cut, 0, length);
      assertThrows(ChainBrokenException.class, () -> ManifestRecord.readManifest(cut, "cut"));
    }
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream resource = ManifestRecordTest.class.getResourceAsStream(name)) {
      byte[] bytes = Objects.requireNonNull(resource, name).readAllBytes();
      assertTrue(bytes.length > 0);
      return bytes;
    }
  }
}
