// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.example;

import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.OfflineCheck;
import com.oneprocloud.sync.engine.OfflineReport;
import com.oneprocloud.sync.engine.ProgressBar;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.file.Path;

/** The examples of README.md: what stands between two comments stands there. */
final class EmbeddingExample {
  private EmbeddingExample() {}

  // README begins
  static SyncReport fromCeph(Path conf, ImageSpec image, Path folder) {
    try (CephCluster ceph = CephCluster.connect(CephConfig.fromFile(conf, "client.sync-reader"));
        CephSnapshotter snapshotter =
            CephSnapshotter.connect(CephConfig.fromFile(conf, "client.sync-snapshotter"))) {
      return replicate(ceph, snapshotter, image, folder);
    }
  }

  static SyncReport replicate(
      StorageCluster storage, Snapshotter snapshotter, ImageSpec image, Path folder) {
    try (SyncEngine sync =
        SyncEngine.builder()
            .storage(storage)
            .snapshotter(snapshotter)
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .build()) {
      SyncPlan plan = sync.plan(image, DirectoryTarget.at(folder.resolve("replicas")));
      System.out.println(plan); // a table: full or incremental and why, bytes to move
      return sync.run(plan, ProgressBar.on(System.err)); // run again: incremental
    }
  }

  // README ends

  // README begins
  static boolean check(Path folder) throws InterruptedException {
    DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
    boolean intact = true;
    try (ChainStore chains = DirectoryChainStore.at(folder.resolve("chains"))) {
      for (ChainId chain : chains.chains()) {
        OfflineReport report = OfflineCheck.run(chains, target, chain.replica());
        System.out.println(report); // bytes checked, bytes unknown, which blocks differ
        intact &= report.intact();
      }
    }
    return intact;
  }
  // README ends
}
