// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.diff;

import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** One diff, as the engine does it, with what it cost. */
final class OneDiff {
  private OneDiff() {}

  /** Runs: path of the ceph.conf, pool/image, {@code fast} or {@code precise}. */
  public static void main(String[] arguments) throws Exception {
    String[] spec = arguments[1].split("/", 2);
    ExecutorService executor = Executors.newFixedThreadPool(8);
    try (CephCluster cluster =
        CephCluster.connect(CephConfig.fromFile(Path.of(arguments[0]), "client.sync-reader"))) {
      long before = memory();
      long start = System.nanoTime();
      try (Image image = cluster.open(ImageSpec.of(spec[0], spec[1]));
          SnapshotReader reader = image.at(image.snapshot("point"))) {
        Snapshot base = image.snapshot("base");
        String choice = "every object of the first TiB";
        Extents found;
        if (arguments[2].equals("fast")) {
          DiffSelection selection = DiffSelection.of(image, reader, base, true, MapTrust.UNUSED, 1);
          choice = selection.choice().toString();
          found = extents(reader, base, selection, executor);
        } else {
          found = reader.diff(base, 0, 1L << 40);
        }
        System.out.printf(
            Locale.ROOT,
            "found %d extents, %d bytes in %.3f s, %d MiB more than before; %s%n",
            found.size(),
            found.bytes(),
            (System.nanoTime() - start) / 1e9,
            (memory() - before) >> 10,
            choice);
      }
    } finally {
      executor.shutdown();
    }
  }

  private static Extents extents(
      SnapshotReader reader, Snapshot base, DiffSelection selection, ExecutorService executor)
      throws InterruptedException {
    Extents.Builder extents = Extents.builder();
    try (DiffStream stream =
        new DiffStream(reader, base, selection.candidates(), Extents.none(), false, executor)) {
      while (stream.hasNext()) {
        extents.addAll(stream.next().extents());
      }
    }
    return extents.build();
  }

  /** KiB of memory that the process had at its peak. */
  private static long memory() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElse(0);
  }
}
