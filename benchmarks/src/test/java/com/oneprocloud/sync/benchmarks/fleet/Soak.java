// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.engine.EngineSettings;
import java.nio.file.Path;
import java.util.Locale;

/** Round after round on the cluster in memory, with what the process uses at each minute. */
final class Soak {
  private static final long MINUTE = 60_000_000_000L;

  private Soak() {}

  /** Runs with options; see {@code benchmarks/fleet}. */
  static void main(Words words, Path folder) throws InterruptedException {
    int servers = words.get("servers", 100);
    EngineSettings settings = EngineSettings.defaults().withParallelDisks(words.get("parallel", 4));
    try (MemoryFleet fleet =
        new MemoryFleet(servers, (long) words.get("disk-mib", 64) << 20, settings, folder)) {
      long start = System.nanoTime();
      long end = start + words.get("minutes", 10) * MINUTE;
      long look = start;
      long rounds = 0;
      long bytes = 0;
      while (System.nanoTime() - end < 0) {
        Round round =
            rounds % 10 == 0
                ? fleet.moveAll(words.get("callers", servers))
                : fleet.all(words.get("callers", servers));
        if (!round.failures().isEmpty()) {
          throw new IllegalStateException(round.failures().toString());
        }
        fleet.checkMarks();
        fleet.change();
        rounds++;
        bytes += round.bytes();
        if (System.nanoTime() - look >= 0) {
          System.out.printf(
              Locale.ROOT,
              "%3d min, %d rounds, %.0f GB: %s; %s%n",
              (System.nanoTime() - start) / MINUTE,
              rounds,
              bytes / 1e9,
              Usage.collected(),
              fleet.left());
          look += MINUTE;
        }
      }
    }
  }
}
