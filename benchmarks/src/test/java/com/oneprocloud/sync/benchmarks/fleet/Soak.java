// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verification;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** Round after round, with what the process uses at each minute. */
final class Soak {
  private static final long MINUTE = 60_000_000_000L;

  private Soak() {}

  /** Runs with options; see {@code benchmarks/fleet}. */
  static void main(Words words, Path folder) throws IOException, InterruptedException {
    boolean ceph = words.get("ceph", 0) == 1;
    try (RunningFleet fleet = ceph ? onCeph(words, folder) : inMemory(words, folder)) {
      run(fleet, words, words.get("pause", ceph ? 15 : 0));
    }
  }

  private static RunningFleet inMemory(Words words, Path folder) {
    long dense = (long) words.get("disk-mib", 64) << 20;
    return new MemoryFleet(words.get("servers", 100), dense, words.settings(), folder);
  }

  private static RunningFleet onCeph(Words words, Path folder) throws IOException {
    return new CephFleet(
        words.get("servers", 20),
        words.get("disk-mib", 16),
        words.settings().withVerification(Verification.ROTATING),
        folder);
  }

  private static void run(RunningFleet fleet, Words words, int pause) throws InterruptedException {
    long start = System.nanoTime();
    long end = start + words.get("minutes", 10) * MINUTE;
    long look = start;
    long rounds = 0;
    long bytes = 0;
    while (System.nanoTime() - end < 0) {
      SyncMode mode = rounds % 10 == 0 ? SyncMode.FULL : SyncMode.AUTO;
      Round round = fleet.all(mode, words.planners());
      if (!round.failures().isEmpty()) {
        throw new IllegalStateException(round.failures().toString());
      }
      fleet.check();
      fleet.change();
      rounds++;
      bytes += round.bytes();
      if (System.nanoTime() - look >= 0) {
        System.out.printf(
            Locale.ROOT,
            "%3d min, %d rounds, %.1f GB: %s; %s%n",
            (System.nanoTime() - start) / MINUTE,
            rounds,
            bytes / 1e9,
            Usage.collected(),
            fleet.left());
        look += MINUTE;
      }
      Thread.sleep(pause * 1000L);
    }
  }
}
