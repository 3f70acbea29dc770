// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Many servers on the cluster in memory, to a target that keeps nothing.
 *
 * <p>All disks are clones of one dense image, so that their data costs memory once; what each has
 * of its own lies behind that: a mark, by which the target tells the images apart, and what changes
 * from round to round.
 */
final class MemoryFleet implements RunningFleet {
  private static final long TAIL = 4 << 20;
  private static final int CHANGE = 4096;

  private final MemoryCluster cluster =
      MemoryCluster.builder().pools(FleetCloud.POOL, "images").threads(2).build();
  private final Snapshotter snapshotter = cluster.snapshotter();
  private final FleetCloud cloud;
  private final FleetCloud single;
  private final CountingTarget target;
  private final long dense;
  private final SyncEngine engine;
  private int round;

  /**
   * A fleet.
   *
   * @param servers how many; every second one has two disks, the others one
   * @param dense bytes of each disk that are full of data
   */
  MemoryFleet(int servers, long dense, EngineSettings settings, Path folder) {
    this.dense = dense;
    this.cloud = new FleetCloud(servers, i -> 1 + i % 2, dense + TAIL);
    // the first server has one disk
    this.single = new FleetCloud(1, i -> 1, dense + TAIL);
    this.target = new CountingTarget(dense);
    MemoryDisk golden = cluster.createDisk(ImageSpec.of("images", "golden"), dense);
    SplittableRandom random = new SplittableRandom(1);
    byte[] piece = new byte[1 << 20];
    for (long at = 0; at < dense; at += piece.length) {
      random.nextBytes(piece);
      golden.write(at, piece);
    }
    golden.snapshot("golden");
    long mark = 1;
    for (ImageSpec image : cloud.images()) {
      MemoryDisk disk = golden.newClone("golden", image).create();
      disk.resize(dense + TAIL);
      disk.write(dense, ByteBuffer.allocate(CHANGE).putLong(0, mark++));
    }
    this.engine =
        SyncEngine.builder()
            .storage(cluster)
            .inventory(cloud)
            .snapshotter(snapshotter)
            .mapping(FleetCloud.mapping())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .settings(settings.withVerification(Verification.NONE))
            .build();
  }

  @Override
  public Round all(SyncMode mode, int planners) throws InterruptedException {
    return Round.run(engine, cloud.ids(), target, mode, planners);
  }

  /** Writes 4 KiB to every disk. */
  @Override
  public void change() {
    round++;
    for (ImageSpec image : cloud.images()) {
      ByteBuffer bytes = ByteBuffer.allocate(CHANGE).putLong(0, round);
      cluster.disk(image).write(dense + (long) CHANGE * (1 + round % 8), bytes);
    }
  }

  /**
   * One disk alone, while nothing else is done.
   *
   * @param transfer the best rate within its transfer, in bytes a second
   * @param whole the best rate over all of its run, the plan left out
   */
  private record Single(double transfer, double whole) {}

  private Single bestSingle(Path folder, EngineSettings settings) {
    double transfer = 0;
    double whole = 0;
    try (SyncEngine alone =
        SyncEngine.builder()
            .storage(cluster)
            .inventory(single)
            .snapshotter(snapshotter)
            .mapping(FleetCloud.mapping())
            .chains(DirectoryChainStore.at(folder.resolve("single")))
            .settings(settings.withVerification(Verification.NONE))
            .build()) {
      for (int i = 0; i < 20; i++) {
        SyncPlan plan = alone.plan(single.ids().get(0), new CountingTarget(dense), SyncMode.FULL);
        long start = System.nanoTime();
        DiskReport report = alone.run(plan).disks().get(0);
        whole = Math.max(whole, report.bytesRead() * 1e9 / (System.nanoTime() - start));
        transfer = Math.max(transfer, report.bytesRead() * 1e9 / report.transferTime().toNanos());
      }
    }
    return new Single(transfer, whole);
  }

  /** Throws unless every replica got its own image's data. */
  @Override
  public void check() {
    long mark = 1;
    for (ServerId server : cloud.ids()) {
      for (int i = 0; i < cloud.diskCount(server); i++) {
        String disk = server.value() + (i == 0 ? "_disk" : "_disk.eph0");
        long found = target.mark(new ReplicaName(server.value(), disk));
        if (found != mark++) {
          throw new IllegalStateException(disk + " holds the mark " + found);
        }
      }
    }
  }

  @Override
  public String left() {
    return String.format(
        Locale.ROOT,
        "left open: %d images and readers, %d replicas, %d bytes of buffers",
        // the snapshotter itself
        cluster.openHandles() - 1,
        target.openReplicas(),
        engine.bytesInFlight());
  }

  @Override
  public void close() {
    engine.close();
    snapshotter.close();
    cluster.close();
  }

  /** Runs with options; see {@code benchmarks/fleet}. */
  static void main(Words words, Path folder) throws InterruptedException {
    int servers = words.get("servers", 1000);
    try (MemoryFleet fleet =
        new MemoryFleet(
            servers, (long) words.get("disk-mib", 64) << 20, words.settings(), folder)) {
      Single single = fleet.bestSingle(folder, words.settings());
      System.out.printf(
          Locale.ROOT,
          "one disk alone, at its best: %.0f MB/s within its transfer, %.0f MB/s with all of its run; %s%n",
          single.transfer() / 1e6,
          single.whole() / 1e6,
          Usage.collected());
      Usage.resetPeaks();
      List<String> names = List.of("full", "4 KiB changed on each disk", "nothing changed");
      for (int i : IntStream.range(0, names.size()).toArray()) {
        if (i == 1) {
          fleet.change();
        }
        Round round = fleet.all(SyncMode.AUTO, words.planners());
        round.print(names.get(i));
        if (i == 0) {
          System.out.printf(
              Locale.ROOT,
              "  %.2f of one disk alone within its transfer, %.2f with all of its run%n",
              round.rate() / single.transfer(),
              round.rate() / single.whole());
          fleet.check();
        }
        System.out.println("  " + Usage.now());
        System.out.println("  " + fleet.left());
      }
      System.out.println("after all: " + Usage.collected());
    }
  }
}
