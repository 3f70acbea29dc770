// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.fixture.RandomSync;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the repair of a broken chain moves on a real Ceph, counted by the OSD: what really differs,
 * in blocks of 64 KiB, and 2 % at the most, verification included.
 */
@Timeout(240)
class CephResyncIT {
  private static final int SIZE = 192 << 20;
  private static final int MIB = 1 << 20;
  private static final byte[] ZEROS = new byte[BlockDigests.BLOCK];

  @TempDir Path folder;

  private final CephLab lab = CephLab.start();
  private final byte[] data = new byte[SIZE];
  private final SplittableRandom random = new SplittableRandom(1);
  private CephFixture fixture;
  private WritableImage image;

  @BeforeEach
  void makeImage() {
    fixture = new CephFixture(lab);
    image = fixture.create(ImageOptions.of(SIZE, 4 * MIB));
    // with a hole of more than an object, and an end that is in the middle of one
    write(0, 8 * MIB);
    write(13 * MIB, SIZE - 15 * MIB);
    image.discard(30L * MIB + 512, 70_000);
    Arrays.fill(data, 30 * MIB + 512, 30 * MIB + 512 + 70_000, (byte) 0);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  private void write(int offset, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    System.arraycopy(bytes, 0, data, offset, length);
    image.write(offset, ByteBuffer.wrap(bytes));
  }

  /** A guest at work: short writes here and there, a run, a discard. */
  private void work() {
    for (int n = 0; n < 60; n++) {
      write(random.nextInt(SIZE / 4096) * 4096, 4096);
    }
    write(100 * MIB + 512, 6 * MIB);
    image.discard(50L * MIB, 2 * MIB);
    Arrays.fill(data, 50 * MIB, 52 * MIB, (byte) 0);
  }

  private DiskReport sync(ImageSpec spec) {
    return Replicas.sync(fixture, folder, spec, EngineSettings.defaults());
  }

  /**
   * Bytes of blocks of 64 KiB, at multiples of that, in which at least one byte differs; without
   * those that are zeros now, which need not be read.
   */
  private long differing(byte[] before) {
    long bytes = 0;
    for (int at = 0; at < SIZE; at += BlockDigests.BLOCK) {
      int end = at + BlockDigests.BLOCK;
      boolean zeros = Arrays.equals(ZEROS, 0, BlockDigests.BLOCK, data, at, end);
      boolean same = Arrays.equals(before, at, end, data, at, end);
      bytes += zeros || same ? 0 : BlockDigests.BLOCK;
    }
    return bytes;
  }

  private void resync(ImageSpec spec, VerdictReason reason, byte[] before) throws IOException {
    long differs = differing(before);
    long start = OsdPerf.of(lab).sent();
    DiskReport report = sync(spec);
    long moved = OsdPerf.of(lab).sent() - start;
    System.out.printf(
        Locale.ROOT,
        "%s: of %d bytes %d in blocks of 64 KiB that differ; read %d, sent by the OSD in all %d,"
            + " written %d, made zero %d; digested %d, and %d to verify; %d ms%n",
        reason,
        SIZE,
        differs,
        report.bytesRead(),
        moved,
        report.bytesWritten(),
        report.bytesZeroed(),
        report.bytesDigested(),
        report.bytesVerifyDigested(),
        report.totalTime().toMillis());
    assertEquals(Verdict.CHECKSUM_RESYNC, report.verdict());
    assertEquals(reason, report.reason());
    assertEquals(SIZE, report.bytesVerified());
    try (InputStream replica =
        Files.newInputStream(
            folder.resolve("replicas").resolve(spec.pool()).resolve(spec.name() + ".raw"))) {
      assertTrue(Arrays.equals(data, replica.readAllBytes()), "the replica is the snapshot");
    }
    assertTrue(report.bytesRead() <= differs * 1.02, () -> report.bytesRead() + " read");
    assertTrue(moved <= differs * 1.02, () -> moved + " sent, " + differs + " differ");
  }

  @Test
  void withBothBasesLostOnlyWhatDiffersMoves() throws IOException {
    sync(image.spec());
    byte[] before = data.clone();
    work();
    removeSnapshots();
    resync(image.spec(), VerdictReason.BASE_LOST, before);
  }

  /** What a retype does, and one back: the image is copied into another pool. */
  @Test
  void afterACopyIntoAnotherPoolOnlyWhatDiffersMoves() throws IOException {
    sync(image.spec());
    byte[] before = data.clone();
    work();
    removeSnapshots();
    String here = image.spec().toString();
    String there = "volumes-hdd/" + image.spec().name();
    ImageSpec spec = image.spec();
    lab.rbd("cp", "--no-progress", here, there);
    image.delete();
    try {
      lab.rbd("cp", "--no-progress", there, here);
      try {
        resync(spec, VerdictReason.IMAGE_REPLACED, before);
      } finally {
        lab.rbd("snap", "purge", "--no-progress", here);
        lab.rbd("rm", "--no-progress", here);
      }
    } finally {
      lab.rbd("rm", "--no-progress", there);
    }
  }

  /** Clones, striping, data pools, namespaces, resizes and roll backs included. */
  @Test
  void theReplicaOfAnyImageIsRepaired() {
    RandomSync sync = new RandomSync(fixture, folder, RandomSync.Trouble.none()).withLostBases();
    long seed = RandomWorkload.seed();
    for (int run = 0; run < RandomWorkload.runs(4); run++) {
      sync.run(seed + run, RandomWorkload.steps(12), 24L * MIB);
    }
    // how many bytes were digested depends on the images: striped ones are read
    System.out.println(sync);
  }

  private void removeSnapshots() {
    String names = lab.rbd("snap", "ls", "--format", "json", image.spec().toString());
    Matcher name = Pattern.compile("\"name\":\"([^\"]+)\"").matcher(names);
    while (name.find()) {
      image.removeSnapshot(name.group(1));
    }
  }
}
