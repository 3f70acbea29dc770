// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.OfflineCheck;
import com.oneprocloud.sync.engine.OfflineReport;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;

/** Holds the replicas of a folder against the digests in their chains. */
final class OfflineStory {
  private OfflineStory() {}

  /** Whether every byte of all of them is known and as it should be. */
  static boolean tell(Options options, PrintStream out) throws InterruptedException {
    Path folder = Path.of(options.required("target"));
    DirectoryTarget target = DirectoryTarget.at(folder);
    DirectoryChainStore chains = DirectoryChainStore.at(chains(options, folder));
    List<ChainId> found =
        chains.chains().stream().filter(it -> it.target().equals(target.id())).toList();
    if (found.isEmpty()) {
      out.println("There is no chain of a replica in " + folder.toAbsolutePath() + ".");
      return false;
    }
    boolean intact = true;
    for (ChainId chain : found) {
      try {
        OfflineReport report = OfflineCheck.run(chains, target, chain.replica());
        intact &= report.intact();
        out.println(report);
      } catch (SyncException e) {
        // the others are of interest too
        intact = false;
        out.println(chain + ": " + e.getMessage());
      }
    }
    return intact;
  }

  /** Where chains are kept unless it is said. */
  static Path chains(Options options, Path folder) {
    return options.value("chains").map(Path::of).orElseGet(() -> folder.resolve(".chains"));
  }
}
