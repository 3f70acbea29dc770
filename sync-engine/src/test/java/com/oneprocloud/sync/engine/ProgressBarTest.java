// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.internal.progress.Look;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class ProgressBarTest {
  private static final long SIZE = 64 << 20;

  @RegisterExtension final LeakCheck leaks = new LeakCheck();
  @TempDir Path folder;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, UTF_8);
  private final Screen screen = new Screen(80);
  private MemoryCluster cluster;
  private SyncEngine engine;
  private long now = 1_000_000_000;

  @BeforeEach
  void makeEngine() {
    cluster = MemoryCluster.withPools("volumes");
    engine =
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(cluster.snapshotter())
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .build();
  }

  @AfterEach
  void closeEngine() {
    engine.close();
    cluster.close();
    // its memory goes with it
    engine = null;
  }

  @Test
  void aLineADiskIsDrawnInPlaceAndOneStaysWhenItIsDone() {
    ProgressBar bar = terminal(80);
    SyncPlan one = plan("one");
    SyncPlan two = plan("two");
    DiskReport done = engine.run(one).disks().get(0);
    bar.runStarted(one);
    bar.runStarted(two);
    bar.phaseStarted(disk(one), Phase.TRANSFER);
    pass(1000);
    bar.progressed(disk(one), new DiskProgress(Phase.TRANSFER, 0, SIZE, 10 << 20));
    bar.phaseStarted(disk(two), Phase.TRANSFER);
    pass(1000);
    bar.progressed(disk(one), new DiskProgress(Phase.TRANSFER, SIZE / 2, SIZE, 20 << 20));
    pass(1000);
    bar.progressed(disk(two), new DiskProgress(Phase.TRANSFER, SIZE / 4, SIZE, 10 << 20));
    assertEquals(
        List.of(
            "  volumes/one transfer ▕█████████▌         ▏  50.0%   20 MiB   10 MiB/s    0:01",
            "  volumes/two transfer ▕████▊              ▏  25.0%   10 MiB    5 MiB/s"),
        seen());
    pass(3000);
    bar.progressed(disk(two), new DiskProgress(Phase.TRANSFER, SIZE / 2, SIZE, 25 << 20));
    assertEquals(
        "  volumes/two transfer ▕█████████▌         ▏  50.0%   25 MiB    5 MiB/s    0:06",
        seen().get(1));
    bar.diskCommitted(done);
    bar.runEnded(one);
    assertEquals(2, seen().size(), seen()::toString);
    assertTrue(
        seen().get(0).startsWith("  ✔ volumes/one  full, 0 B read, point #0 in "),
        seen()::toString);
    assertTrue(seen().get(1).startsWith("  volumes/two transfer ▕"), seen()::toString);
    bar.diskFailed(disk(two), new IllegalStateException("the target is full\nreally"));
    bar.runEnded(two);
    assertEquals("  ✘ volumes/two  the target is full really", seen().get(1));
    assertEquals(2, seen().size(), seen()::toString);
  }

  @Test
  void aDiskThatWasNotEndedDoesNotStay() {
    ProgressBar bar = terminal(80);
    SyncPlan plan = plan("one");
    bar.runStarted(plan);
    bar.phaseStarted(disk(plan), Phase.SNAPSHOT);
    bar.runEnded(plan);
    assertEquals(List.of("  ✘ volumes/one  not done"), seen());
  }

  @Test
  void whatDoesNotFitIsCounted() {
    ProgressBar bar = terminal(80);
    List<SyncPlan> plans = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      plans.add(plan("disk-" + i));
    }
    plans.forEach(bar::runStarted);
    pass(100);
    bar.phaseStarted(disk(plans.get(11)), Phase.VERIFY);
    assertEquals(9, seen().size());
    assertTrue(seen().get(0).startsWith("  volumes/disk-11 verify"), "those under way come first");
    assertEquals("  and 4 more", seen().get(8));
  }

  @Test
  void noWidthAndNoOrderOfEventsGarblesIt() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    List<Phase> phases = List.of(Phase.values());
    List<SyncPlan> plans = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      plans.add(plan("volume-" + "0123456789".repeat(i)));
    }
    for (int columns : new int[] {20, 30, 47, 60, 79, 80, 132, 400}) {
      bytes.reset();
      Screen narrow = new Screen(columns);
      ProgressBar bar = terminal(columns);
      int ended = 0;
      for (int i = 0; i < 300; i++) {
        pass(random.nextInt(200));
        SyncPlan plan = plans.get(random.nextInt(plans.size()));
        Phase phase = phases.get(random.nextInt(phases.size()));
        switch (random.nextInt(8)) {
          case 0 -> bar.runStarted(plan);
          case 1 -> bar.phaseStarted(disk(plan), phase);
          case 2 -> {
            bar.diskFailed(disk(plan), new IllegalStateException("no\tspace " + "x".repeat(i)));
            ended++;
          }
          default ->
              bar.progressed(
                  disk(plan),
                  new DiskProgress(
                      phase, random.nextInt(200), random.nextInt(200), random.nextLong(1L << 60)));
        }
        narrow.write(bytes.toString(UTF_8));
        bytes.reset();
        assertTrue(narrow.wraps(), "wrapping was left off, seed " + seed);
      }
      plans.forEach(bar::runEnded);
      narrow.write(bytes.toString(UTF_8));
      long kept = narrow.lines().stream().filter(line -> line.startsWith("  ✘ ")).count();
      assertEquals(narrow.lines().size(), kept, () -> "seed " + seed + ": " + narrow.lines());
      assertTrue(kept >= ended, "seed " + seed);
    }
  }

  @Test
  void aLogGetsPlainLinesAtIntervals() {
    ProgressBar bar =
        new ProgressBar(out, new Look(false, false, false, 80), Duration.ofSeconds(5), () -> now);
    SyncPlan plan = plan("one");
    DiskReport done = engine.run(plan).disks().get(0);
    bar.runStarted(plan);
    bar.phaseStarted(disk(plan), Phase.TRANSFER);
    for (int i = 1; i <= 100; i++) {
      pass(100);
      bar.progressed(disk(plan), new DiskProgress(Phase.TRANSFER, SIZE * i / 100, SIZE, i << 20));
    }
    bar.diskCommitted(done);
    bar.runEnded(plan);
    List<String> lines = bytes.toString(UTF_8).lines().toList();
    assertEquals(3, lines.size(), bytes.toString(UTF_8));
    assertEquals("  volumes/one: transfer 50.0%, 50 MiB, 10 MiB/s, 0:05 left", lines.get(0));
    assertEquals("  volumes/one: transfer 100.0%, 100 MiB, 10 MiB/s", lines.get(1));
    assertTrue(lines.get(2).startsWith("  ok volumes/one  full, "), lines.get(2));
  }

  @Test
  void aStreamThatFailsSilencesIt() {
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new UncheckedIOException(new IOException("gone"));
          }
        };
    SyncPlan plan = plan("one");
    ProgressBar bar = ProgressBar.redrawn(new PrintStream(broken, true, UTF_8), 80);
    engine.run(plan, bar);
    bar.runStarted(plan);
    bar.phaseStarted(disk(plan), Phase.COMMIT);
    bar.diskFailed(disk(plan), new IllegalStateException());
  }

  @Test
  void aRealRunIsShownToItsEnd() {
    cluster.disk(ImageSpec.of("volumes", create("real"))).write(12345, new byte[1 << 20]);
    ProgressBar bar = ProgressBar.redrawn(out, 80);
    SyncPlan plan = engine.plan(ImageSpec.of("volumes", "real"), target());
    engine.run(plan, bar);
    assertEquals(1, seen().size(), seen()::toString);
    assertTrue(
        seen().get(0).startsWith("  ✔ volumes/real  full, 1 MiB read, 1 MiB verified, point #0"),
        seen()::toString);
  }

  private ProgressBar terminal(int columns) {
    return new ProgressBar(
        out, new Look(true, true, true, columns), Duration.ofSeconds(5), () -> now);
  }

  private List<String> seen() {
    screen.write(bytes.toString(UTF_8));
    bytes.reset();
    return screen.lines();
  }

  private void pass(long millis) {
    now += millis * 1_000_000;
  }

  private String create(String name) {
    cluster.createDisk(ImageSpec.of("volumes", name), SIZE);
    return name;
  }

  private DirectoryTarget target() {
    return DirectoryTarget.at(folder.resolve("replicas"));
  }

  private SyncPlan plan(String name) {
    return engine.plan(ImageSpec.of("volumes", create(name)), target());
  }

  private static DiskPlan disk(SyncPlan plan) {
    return plan.disks().get(0);
  }
}
