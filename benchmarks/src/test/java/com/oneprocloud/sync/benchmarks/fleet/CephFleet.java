// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.inventory.ServerId;
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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/** Many servers of two disks each on the lab's Ceph, to files on tmpfs. */
final class CephFleet implements RunningFleet {
  private static final int MAKERS = 4;

  private final CephLab lab = CephLab.start();
  private final LabImages images = new LabImages(lab);
  private final FleetCloud cloud;
  private final Path replicas = Files.createTempDirectory(Path.of("/dev/shm"), "sync-fleet-");
  private final CephCluster ceph;
  private final CephSnapshotter snapshotter;
  private final SyncEngine engine;

  /**
   * A fleet; makes its images.
   *
   * @param dataMib MiB of each image, all data
   */
  CephFleet(int servers, int dataMib, EngineSettings settings, Path folder) throws IOException {
    this.cloud = new FleetCloud(servers, i -> 2, (long) dataMib << 20);
    remove();
    Path data = LabImages.data(folder, dataMib);
    forEachImage(image -> images.make(image, data));
    Files.delete(data);
    this.ceph = CephCluster.connect(CephConfig.fromFile(lab.conf(), "client.sync-reader"));
    this.snapshotter =
        CephSnapshotter.connect(CephConfig.fromFile(lab.conf(), "client.sync-snapshotter"));
    this.engine =
        SyncEngine.builder()
            .storage(ceph)
            .inventory(cloud)
            .snapshotter(snapshotter)
            .mapping(FleetCloud.mapping())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .settings(settings)
            .build();
  }

  /** Runs with options; see {@code benchmarks/fleet}. */
  static void main(Words words, Path folder) throws IOException, InterruptedException {
    try (CephFleet fleet =
        new CephFleet(
            words.get("servers", 100), words.get("disk-mib", 16), words.settings(), folder)) {
      fleet.measure(words.planners());
    }
  }

  private void measure(int planners) throws InterruptedException {
    int disks = cloud.images().size();
    System.out.println("connected: " + Usage.now());
    for (String name :
        List.of(
            "full", "4 KiB changed 16 times on each disk", "nothing changed", "nothing changed")) {
      if (name.startsWith("4 KiB")) {
        change();
      }
      Usage.resetPeaks();
      long asked = cloud.asked();
      OsdCounters before = OsdCounters.of(lab);
      Round round = all(SyncMode.AUTO, planners);
      OsdCounters done = OsdCounters.of(lab).since(before);
      round.print(name);
      System.out.println("  " + done.perDisk(disks));
      System.out.printf(
          Locale.ROOT,
          "  the inventory was asked %.1f times for each server%n",
          (double) (cloud.asked() - asked) / cloud.ids().size());
      System.out.println("  " + Usage.now());
      System.out.println("  " + left());
    }
    System.out.println("after all: " + Usage.collected());
  }

  @Override
  public Round all(SyncMode mode, int planners) throws InterruptedException {
    return Round.run(engine, cloud.ids(), DirectoryTarget.at(replicas), mode, planners);
  }

  @Override
  public String left() {
    return String.format(
        Locale.ROOT,
        "left open: %d handles of the cluster, %d bytes of buffers",
        ceph.openHandles(),
        engine.bytesInFlight());
  }

  /** The runs verify: what is asked here needs no reading. */
  @Override
  public void check() {
    for (ServerId server : cloud.ids()) {
      for (DiskPlan disk : engine.plan(server, DirectoryTarget.at(replicas)).disks()) {
        if (disk.verdict() != Verdict.CONTINUE || disk.resumes().isPresent()) {
          throw new IllegalStateException(server + ": " + disk);
        }
      }
    }
  }

  @Override
  public void close() {
    engine.close();
    snapshotter.close();
    ceph.close();
    try {
      Folders.remove(replicas);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      remove();
    }
  }

  /** Writes 4 KiB to every disk, 16 times. */
  @Override
  public void change() {
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

  private void remove() {
    forEachImage(images.removal(FleetCloud.POOL));
  }

  private void forEachImage(Consumer<ImageSpec> does) {
    ExecutorService makers = Executors.newFixedThreadPool(MAKERS);
    try {
      CompletableFuture.allOf(
              cloud.images().stream()
                  .map(image -> CompletableFuture.runAsync(() -> does.accept(image), makers))
                  .toArray(CompletableFuture<?>[]::new))
          .join();
    } finally {
      makers.shutdown();
    }
  }
}
