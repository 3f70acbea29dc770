// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;

/** Many servers of two disks each on the lab's Ceph, to files on tmpfs. */
final class CephFleet {
  private static final int MAKERS = 4;

  private final CephLab lab = CephLab.start();
  private final FleetCloud cloud;
  private final int dataMib;

  private CephFleet(int servers, int dataMib) {
    this.cloud = new FleetCloud(servers, i -> 2, (long) dataMib << 20);
    this.dataMib = dataMib;
  }

  /** Runs with options; see {@code benchmarks/fleet}. */
  static void main(Words words, Path folder) throws Exception {
    int servers = words.get("servers", 100);
    CephFleet fleet = new CephFleet(servers, words.get("disk-mib", 16));
    fleet.remove();
    fleet.make(folder);
    EngineSettings settings =
        EngineSettings.defaults()
            .withParallelDisks(words.get("parallel", 4))
            .withFastDiff(words.get("fast", 0) == 1);
    Path replicas = Files.createTempDirectory(Path.of("/dev/shm"), "sync-fleet-");
    try {
      fleet.run(words.get("callers", servers), settings, folder, replicas);
    } finally {
      Folders.remove(replicas);
      fleet.remove();
    }
  }

  private void run(int callers, EngineSettings settings, Path folder, Path replicas)
      throws Exception {
    DirectoryTarget target = DirectoryTarget.at(replicas);
    int disks = cloud.images().size();
    try (CephCluster ceph =
            CephCluster.connect(CephConfig.fromFile(lab.conf(), "client.sync-reader"));
        CephSnapshotter snapshotter =
            CephSnapshotter.connect(CephConfig.fromFile(lab.conf(), "client.sync-snapshotter"));
        SyncEngine engine =
            SyncEngine.builder()
                .storage(ceph)
                .inventory(cloud)
                .snapshotter(snapshotter)
                .mapping(FleetCloud.mapping())
                .chains(DirectoryChainStore.at(folder.resolve("chains")))
                .settings(settings)
                .build()) {
      System.out.println("connected: " + Usage.now());
      for (String name :
          List.of(
              "full",
              "4 KiB changed 16 times on each disk",
              "nothing changed",
              "nothing changed")) {
        if (name.startsWith("4 KiB")) {
          change();
        }
        Usage.resetPeaks();
        long asked = cloud.asked();
        OsdCounters before = OsdCounters.of(lab);
        Round round = Round.run(engine, cloud.ids(), target, SyncMode.AUTO, callers);
        OsdCounters done = OsdCounters.of(lab).since(before);
        round.print(name);
        System.out.println("  " + done.perDisk(disks));
        System.out.printf(
            Locale.ROOT,
            "  the inventory was asked %.1f times for each server%n",
            (double) (cloud.asked() - asked) / cloud.ids().size());
        System.out.println("  " + Usage.now());
        System.out.printf(
            Locale.ROOT,
            "  left open: %d handles of the cluster, %d bytes of buffers%n",
            ceph.openHandles(),
            engine.bytesInFlight());
      }
      System.out.println("after all: " + Usage.collected());
    }
  }

  private void make(Path folder) throws Exception {
    Path data = folder.resolve("data");
    SplittableRandom random = new SplittableRandom(7);
    byte[] piece = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(data)) {
      for (int i = 0; i < dataMib; i++) {
        random.nextBytes(piece);
        out.write(piece);
      }
    }
    forEachImage(image -> lab.rbd("import", "--no-progress", data.toString(), image.toString()));
    Files.delete(data);
  }

  private void change() throws Exception {
    forEachImage(
        image ->
            lab.rbd(
                "bench",
                "--io-type",
                "write",
                "--io-size",
                "4096",
                "--io-total",
                "65536",
                "--io-pattern",
                "rand",
                image.toString()));
  }

  private void remove() throws Exception {
    List<String> there = lab.rbd("ls", FleetCloud.POOL).lines().toList();
    forEachImage(
        image -> {
          if (there.contains(image.name())) {
            lab.rbd("snap", "purge", "--no-progress", image.toString());
            lab.rbd("rm", "--no-progress", image.toString());
          }
        });
  }

  private void forEachImage(Consumer<ImageSpec> does) throws Exception {
    ExecutorService makers = Executors.newFixedThreadPool(MAKERS);
    try {
      List<Future<?>> all =
          cloud.images().stream()
              .<Future<?>>map(image -> makers.submit(() -> does.accept(image)))
              .toList();
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      makers.shutdown();
    }
  }
}
