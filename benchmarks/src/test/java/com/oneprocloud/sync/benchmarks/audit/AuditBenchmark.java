// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.audit;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.benchmarks.OsdPerf;
import com.oneprocloud.sync.benchmarks.Replicas;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.EngineSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * All of a replica is held against its snapshot on a real Ceph, by digests of the OSDs and by
 * reading the source in turn: what the OSD sends, and how long it takes. {@code benchmarks/audit}
 * runs it.
 */
final class AuditBenchmark {
  private static final int MIB = 1 << 20;
  private static final int PORT = 28_400;

  private final CephLab lab;
  private final CephFixture fixture;
  private final ImageSpec image;
  private final Path folder;

  private AuditBenchmark(CephLab lab, CephFixture fixture, ImageSpec image, Path folder) {
    this.lab = lab;
    this.fixture = fixture;
    this.image = image;
    this.folder = folder;
  }

  /** What one verification took. */
  private record Row(double seconds, double bytes) {}

  /** Runs: rounds, then MiB of the image, then the rate of the network if it is to have one. */
  public static void main(String[] arguments) throws IOException {
    int rounds = Integer.parseInt(arguments[0]);
    long size = Long.parseLong(arguments[1]) * MIB;
    if (arguments.length < 3) {
      run(CephLab.start(), rounds, size);
      return;
    }
    CephLab lab = CephLab.startSeparateNetwork("audit", PORT);
    try {
      lab.limit(arguments[2]);
      run(lab, rounds, size);
    } finally {
      lab.wipe();
    }
  }

  private static void run(CephLab lab, int rounds, long size) throws IOException {
    Path folder = Files.createTempDirectory("audit");
    try (CephFixture fixture = new CephFixture(lab);
        CephFixture.AdminImage disk = fixture.create(ImageOptions.of(size, 4 * MIB))) {
      SplittableRandom random = new SplittableRandom(1);
      byte[] bytes = new byte[4 * MIB];
      for (long at = 0; at < size; at += bytes.length) {
        random.nextBytes(bytes);
        disk.write(at, ByteBuffer.wrap(bytes));
      }
      new AuditBenchmark(lab, fixture, disk.spec(), folder).run(rounds, size);
    } finally {
      Folders.remove(folder);
    }
  }

  private void run(int rounds, long size) {
    verify(EngineSettings.defaults().withVerification(Verification.NONE));
    EngineSettings all = EngineSettings.defaults().withVerification(Verification.ALL);
    List<Row> digests = new ArrayList<>();
    List<Row> reads = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      digests.add(measure("digests", all, size));
      reads.add(measure("reading", all.withDigests(false), size));
    }
    print("median, digests", median(digests));
    print("median, reading", median(reads));
  }

  private Row measure(String name, EngineSettings settings, long size) {
    long start = OsdPerf.of(lab).sent();
    DiskReport report = verify(settings);
    double bytes = OsdPerf.of(lab).sent() - start;
    if (report.bytesVerified() != size) {
      throw new IllegalStateException(report.bytesVerified() + " bytes verified of " + size);
    }
    Row row =
        new Row(report.verifyTime().toNanos() / 1e9 * (1L << 30) / size, bytes * (1L << 40) / size);
    print(name, row);
    return row;
  }

  private static void print(String name, Row row) {
    System.out.printf(
        Locale.ROOT,
        "%-16s %8.2f s per GiB, %12.1f MiB sent by the OSD per TiB%n",
        name,
        row.seconds,
        row.bytes / MIB);
  }

  private static Row median(List<Row> rows) {
    double[] seconds = rows.stream().mapToDouble(Row::seconds).sorted().toArray();
    double[] bytes = rows.stream().mapToDouble(Row::bytes).sorted().toArray();
    return new Row(seconds[seconds.length / 2], bytes[bytes.length / 2]);
  }

  private DiskReport verify(EngineSettings settings) {
    return Replicas.sync(fixture, folder, image, settings);
  }
}
