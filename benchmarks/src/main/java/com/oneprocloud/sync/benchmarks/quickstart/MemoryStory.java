// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.api.Bytes;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.ProgressBar;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The main job on a cluster in memory, told step by step. */
final class MemoryStory {
  static final long SIZE = 2L << 30;

  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "volume-demo");
  private static final long GROWN = SIZE + (512 << 20);
  private static final long DISCARDED = 64 << 20;
  private static final double GIGABIT = 1e9 / 8;

  private final boolean keep;
  private final PrintStream out;
  private final PrintStream err;
  private final SyncListener bar;
  private final List<DiskReport> points = new ArrayList<>();
  private int chapter;

  MemoryStory(boolean keep, PrintStream out, PrintStream err) {
    this.keep = keep;
    this.out = out;
    this.err = err;
    this.bar = ProgressBar.on(err);
  }

  void tell() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("sync-quickstart-");
    try {
      tell(folder);
    } finally {
      if (!keep) {
        Folders.remove(folder);
      }
    }
    out.println(keep ? "Kept: " + folder : "Removed: " + folder);
  }

  private void tell(Path folder) throws IOException, InterruptedException {
    DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      cluster.faults(new Link(GIGABIT, 300_000));
      chapter("A server with a disk");
      MemoryDisk disk = cluster.createDisk(IMAGE, SIZE);
      try (Guest guest = new Guest(disk);
          SyncEngine sync =
              SyncEngine.builder()
                  .storage(cluster)
                  .snapshotter(cluster.snapshotter())
                  .chains(DirectoryChainStore.at(folder.resolve("chains")))
                  .build()) {
        guest.install();
        guest.start();
        say(
            "%s: %s, of which 300 MiB are written. The cluster is in memory, behind an imitated",
            IMAGE, Bytes.text(SIZE));
        say("network of 1 Gbit/s. A guest keeps writing to the disk during all that follows.");

        chapter("The first point: everything that is there");
        run(sync, target, guest);

        chapter("The server goes on, then the next point: only what changed");
        live(guest, 2500);
        run(sync, target, guest);

        chapter("64 MiB are discarded, the disk grows by 512 MiB, the next point");
        disk.discard(SIZE / 2, DISCARDED);
        disk.resize(GROWN);
        guest.write(GROWN - (8 << 20), 4 << 20);
        live(guest, 1000);
        run(sync, target, guest);
      }
      chapter("Is the replica the snapshot? Every byte, compared without the engine");
      compare(disk, target);
      chapter("What it came to");
      sum(disk);
    }
  }

  private void run(SyncEngine sync, DirectoryTarget target, Guest guest) {
    SyncPlan plan = sync.plan(IMAGE, target);
    out.print(plan.toString().indent(2));
    out.flush();
    long before = guest.written();
    SyncReport report = sync.run(plan, bar);
    err.flush();
    points.addAll(report.disks());
    say(
        "Meanwhile the guest wrote %s, which is for the next point.",
        Bytes.text(guest.written() - before));
  }

  private void live(Guest guest, long millis) throws InterruptedException {
    long before = guest.written();
    Thread.sleep(millis);
    say("The guest wrote %s.", Bytes.text(guest.written() - before));
  }

  private void compare(MemoryDisk disk, DirectoryTarget target)
      throws IOException, InterruptedException {
    DiskReport last = points.get(points.size() - 1);
    String name = last.committed().manifest().snapshot().name();
    Snapshot snapshot =
        disk.snapshots().stream().filter(it -> it.name().equals(name)).findFirst().orElseThrow();
    Path file = target.file(last.plan().chain().replica());
    Comparison comparison =
        Comparison.of(file, snapshot.size(), (offset, into) -> disk.read(snapshot, offset, into));
    say(
        "%s of %s and of the replica: %s.",
        Bytes.text(snapshot.size()), snapshot.name(), comparison);
    comparison.check(file);
  }

  private void sum(MemoryDisk disk) {
    long read = 0;
    long sizes = 0;
    say("%-8s %-10s %12s %12s %12s %9s", "point", "did", "disk", "moved", "verified", "time");
    for (DiskReport point : points) {
      long size = point.committed().manifest().size();
      read += point.bytesRead();
      sizes += size;
      say(
          "%-8s %-10s %12s %12s %12s %7.1f s",
          "#" + point.committed().manifest().sequence(),
          point.verdict().name().toLowerCase(Locale.ROOT),
          Bytes.text(size),
          Bytes.text(point.bytesRead()),
          Bytes.text(point.bytesVerified()),
          point.totalTime().toMillis() / 1e3);
    }
    say(
        "%s moved for %d points of %s together.",
        Bytes.text(read), points.size(), Bytes.text(sizes));
    say(
        "Left on the source: %d snapshots, the base of the next run and a spare one.",
        disk.snapshots().size());
    out.println();
  }

  private void chapter(String title) {
    out.printf(Locale.ROOT, "%n%d  %s%n", ++chapter, title);
    out.flush();
  }

  private void say(String format, Object... arguments) {
    out.printf(Locale.ROOT, "   " + format + "%n", arguments);
    out.flush();
  }
}
