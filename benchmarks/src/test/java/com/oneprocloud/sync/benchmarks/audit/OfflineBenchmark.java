// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.audit;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.OfflineCheck;
import com.oneprocloud.sync.engine.OfflineReport;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * How large records of digests are, and how long it takes to hold a replica against them, beside
 * reading its file with {@code cat}. {@code benchmarks/offline} runs it.
 */
final class OfflineBenchmark {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk");

  private OfflineBenchmark() {}

  /** Runs: rounds, then MiB of the image. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int rounds = Integer.parseInt(arguments[0]);
    long size = Long.parseLong(arguments[1]) << 20;
    Path folder = Files.createTempDirectory("offline");
    DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
    DirectoryChainStore chains = DirectoryChainStore.at(folder.resolve("chains"));
    SplittableRandom random = new SplittableRandom(1);
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes");
        SyncEngine engine =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(cluster.snapshotter())
                .chains(chains)
                .build()) {
      MemoryDisk disk = cluster.createDisk(IMAGE, size);
      byte[] bytes = new byte[4 << 20];
      for (long at = 0; at < size; at += bytes.length) {
        random.nextBytes(bytes);
        disk.write(at, bytes);
      }
      DiskReport full = engine.run(engine.plan(IMAGE, target)).disks().get(0);
      print("full", full);
      byte[] small = new byte[4096];
      for (int i = 0; i < 1000; i++) {
        random.nextBytes(small);
        disk.write(random.nextLong(size >> 12) << 12, small);
      }
      print("1000 writes of 4 KiB", engine.run(engine.plan(IMAGE, target)).disks().get(0));
      Path file = target.file(full.plan().chain().replica());
      List<Double> checks = new ArrayList<>();
      List<Double> reads = new ArrayList<>();
      for (int round = 0; round <= rounds; round++) {
        long began = System.nanoTime();
        OfflineReport report = OfflineCheck.run(chains, target, full.plan().chain().replica());
        long checked = System.nanoTime();
        if (!report.intact() || report.bytesChecked() != size) {
          throw new IllegalStateException(report.toString());
        }
        cat(file);
        long read = System.nanoTime();
        if (round > 0) {
          checks.add((checked - began) / 1e9 * (1L << 30) / size);
          reads.add((read - checked) / 1e9 * (1L << 30) / size);
        }
      }
      print("offline check", checks);
      print("cat > /dev/null", reads);
    } finally {
      Folders.remove(folder);
    }
  }

  private static void cat(Path file) throws IOException, InterruptedException {
    Process cat =
        new ProcessBuilder("cat", file.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (cat.waitFor() != 0) {
      throw new IOException("cat failed");
    }
  }

  private static void print(String name, DiskReport report) {
    DigestRecord digests = report.committed().manifest().digests().orElseThrow();
    System.out.printf(
        Locale.ROOT,
        "%-22s %,13d bytes moved, %,9d bytes of digests%n",
        name,
        report.bytesWritten(),
        digests.bytes());
  }

  private static void print(String name, List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    System.out.printf(
        Locale.ROOT,
        "%-22s %.3f s per GiB (median of %d, %.3f to %.3f)%n",
        name,
        sorted.get(sorted.size() / 2),
        sorted.size(),
        sorted.get(0),
        sorted.get(sorted.size() - 1));
  }
}
