// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.audit;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What runs cost on the side of the engine: the source is in memory, so that nothing else is in the
 * way. Full runs, increments of a quarter of the image in one piece, and increments of writes of 4
 * KiB scattered over it, each compared by digests and by bytes. Uses nothing that is not in every
 * version, so that two can be compared. {@code benchmarks/offline} runs it.
 */
final class RunBenchmark {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "disk");

  private final MemoryCluster cluster;
  private final MemoryDisk disk;
  private final Path folder;
  private final SplittableRandom random = new SplittableRandom(1);

  private RunBenchmark(MemoryCluster cluster, MemoryDisk disk, Path folder) {
    this.cluster = cluster;
    this.disk = disk;
    this.folder = folder;
  }

  /** Runs: rounds, then MiB of the image. */
  public static void main(String[] arguments) throws IOException {
    int rounds = Integer.parseInt(arguments[0]);
    long size = Long.parseLong(arguments[1]) << 20;
    Path folder = Files.createTempDirectory("runs");
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      MemoryDisk disk = cluster.createDisk(IMAGE, size);
      RunBenchmark benchmark = new RunBenchmark(cluster, disk, folder);
      benchmark.fill(0, size);
      for (boolean digests : new boolean[] {true, false}) {
        benchmark.run(rounds, size, digests);
      }
    } finally {
      Folders.remove(folder);
    }
  }

  private void run(int rounds, long size, boolean digests) {
    List<DiskReport> full = new ArrayList<>();
    List<DiskReport> quarter = new ArrayList<>();
    List<DiskReport> scattered = new ArrayList<>();
    for (int round = 0; round <= rounds; round++) {
      full.add(sync(SyncMode.FULL, digests));
      fill(0, size / 4);
      quarter.add(sync(SyncMode.AUTO, digests));
      for (long at = 0; at < size; at += 256 << 10) {
        fill(at + (random.nextInt(64) << 12), 4096);
      }
      scattered.add(sync(SyncMode.AUTO, digests));
    }
    String by = digests ? "by digests" : "by bytes";
    print("full, " + by, full);
    print("a quarter in one piece, " + by, quarter);
    print("4 KiB in each 256 KiB, " + by, scattered);
  }

  private void fill(long from, long length) {
    byte[] bytes = new byte[(int) Math.min(4 << 20, length)];
    for (long at = from; at < from + length; at += bytes.length) {
      random.nextBytes(bytes);
      disk.write(at, bytes);
    }
  }

  private DiskReport sync(SyncMode mode, boolean digests) {
    try (SyncEngine engine =
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(cluster.snapshotter())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .settings(EngineSettings.defaults().withDigests(digests))
            .build()) {
      DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
      return engine.run(engine.plan(IMAGE, target, mode)).disks().get(0);
    }
  }

  /** The first one only warms up. */
  private static void print(String name, List<DiskReport> reports) {
    List<DiskReport> counted = reports.subList(1, reports.size());
    System.out.printf(
        Locale.ROOT,
        "%-36s transfer %6d ms, verify %6d ms, all %6d ms (medians of %d)%n",
        name,
        median(counted.stream().map(DiskReport::transferTime).toList()),
        median(counted.stream().map(DiskReport::verifyTime).toList()),
        median(counted.stream().map(DiskReport::totalTime).toList()),
        counted.size());
  }

  private static long median(List<Duration> times) {
    return times.stream()
        .sorted(Comparator.naturalOrder())
        .toList()
        .get(times.size() / 2)
        .toMillis();
  }
}
