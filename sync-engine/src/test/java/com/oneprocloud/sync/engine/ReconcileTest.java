// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.ReconcileReport.Found;
import com.oneprocloud.sync.engine.ReconcileReport.State;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.internal.point.SnapshotNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What is ours and not needed is found and removed, and nothing else ever is. */
class ReconcileTest {
  private static final ReconcileSettings NOW =
      ReconcileSettings.lookOnly().removing().withGrace(Duration.ZERO);

  private static final List<String> FOREIGN =
      List.of("foreign", "sync.default.notes", "sync.other.0123456789ab.1.01234567");

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private World world;

  @BeforeEach
  void open() {
    world = new World(folder, 8L * World.OBJECT);
    world.write(0, 3 * World.OBJECT, 1);
    FOREIGN.forEach(world.disk::snapshot);
  }

  @AfterEach
  void close() {
    left = world.left();
    world.close();
  }

  private ReconcileReport reconcile(ReconcileSettings how) {
    return world.in(engine -> engine.reconcile(how));
  }

  private String leak(ChainId chain) {
    String name = new SnapshotNames("default", chain).name(7, RunId.random());
    world.disk.snapshot(name);
    return name;
  }

  private static List<String> names(ReconcileReport report, State state) {
    return report.in(state).stream().map(Found::name).sorted().toList();
  }

  private List<String> own() {
    return present().stream().filter(it -> !FOREIGN.contains(it)).toList();
  }

  private List<String> present() {
    return world.disk.snapshots().stream().map(Snapshot::name).sorted().toList();
  }

  @Test
  void whatAChainDoesNotNeedIsRemovedOnceItIsOldEnough() {
    world.sync();
    world.sync();
    List<String> bases = own();
    String leaked = leak(world.chain());

    ReconcileReport look = reconcile(ReconcileSettings.lookOnly().withGrace(Duration.ZERO));
    assertEquals(bases, names(look, State.NEEDED));
    assertEquals(List.of(leaked), names(look, State.LEAKED));
    assertEquals(
        Optional.of("rbd snap rm volumes/disk-1@" + leaked),
        look.in(State.LEAKED).get(0).command());
    assertEquals(3, look.snapshots().size(), look::toString);

    ReconcileReport early = reconcile(ReconcileSettings.lookOnly().removing());
    assertEquals(List.of(leaked), names(early, State.YOUNG));
    assertTrue(present().contains(leaked));

    ReconcileReport done = reconcile(NOW);
    assertEquals(List.of(leaked), names(done, State.REMOVED));
    assertEquals(bases, names(done, State.NEEDED));
    assertEquals(bases, own());
    assertTrue(present().containsAll(FOREIGN), () -> present().toString());
    assertEquals(Verdict.CONTINUE, world.sync().verdict());
  }

  @Test
  void whatAKilledRunWillTakeUpIsNeeded() {
    world.sync();
    world.write(0, 100, 2);
    // dies when the snapshot is there and its id is recorded nowhere
    CrashPoint count = CrashPoint.never();
    try (World twin = new World(folder.resolve("twin"), 8L * World.OBJECT)) {
      twin.sync();
      twin.crash(count, false, 0);
    }
    int after = count.points().indexOf("after create snapshot");
    assertTrue(world.crash(CrashPoint.at(after), false, 0).isEmpty());
    assertEquals(2, own().size());
    ReconcileReport report = reconcile(NOW);
    assertEquals(own(), names(report, State.NEEDED));
    assertEquals(2, own().size());
    world.checkCommitted(world.restart());
    assertEquals(2, own().size());
  }

  /** At any moment of a run, what it needs is seen to be needed. */
  @Test
  void runsAreNotDisturbed() {
    AtomicInteger looked = new AtomicInteger();
    Steps reconciling =
        new Steps() {
          @Override
          public <T> T durable(String name, Supplier<T> step) {
            look(name);
            T result = step.get();
            look(name);
            return result;
          }

          private void look(String name) {
            if (!name.startsWith("write") && !name.equals("journal")) {
              looked.incrementAndGet();
              ReconcileReport report = reconcile(NOW);
              assertEquals(List.of(), report.notes(), name);
            }
          }
        };
    for (int run = 0; run < 4; run++) {
      world.write(run * 1000L, World.OBJECT, run);
      DiskReport report = world.sync(reconciling);
      world.checkCommitted(report);
      assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, report.verdict());
      assertEquals(List.of(), report.notes());
    }
    assertTrue(looked.get() > 80, looked::toString);
    assertTrue(present().containsAll(FOREIGN), () -> present().toString());
  }

  @Test
  void whatCannotBeRemovedIsReportedWithTheCommandThatDoes() {
    world.sync();
    String leaked = leak(world.chain());
    world.disk.setProtected(leaked, true);
    ReconcileReport report = reconcile(NOW);
    assertEquals(List.of(leaked), names(report, State.STUCK));
    String subject = "volumes/disk-1@" + leaked;
    String command =
        "rbd children "
            + subject
            + "; rbd snap unprotect "
            + subject
            + " && rbd snap rm "
            + subject;
    assertEquals(Optional.of(command), report.in(State.STUCK).get(0).command());
    assertTrue(report.toString().contains(command), report::toString);

    // a run says so too, and does not fail
    DiskReport run = world.sync();
    assertEquals(1, run.notes().size(), run.notes()::toString);
    assertTrue(run.notes().get(0).contains(command), run.notes()::toString);
    world.disk.setProtected(leaked, false);
    assertEquals(List.of(leaked), names(reconcile(NOW), State.REMOVED));
  }

  @Test
  void snapshotsOfUnknownChainsAreRemovedOnlyWhenThatIsAskedFor() {
    world.sync();
    String orphan = leak(new ChainId(World.NAME, "directory:/elsewhere"));
    assertEquals(List.of(orphan), names(reconcile(NOW), State.ORPHANED));
    assertEquals(
        List.of(orphan),
        names(reconcile(ReconcileSettings.lookOnly().removing().withOrphans()), State.ORPHANED),
        "too young");
    assertTrue(present().contains(orphan));
    assertEquals(List.of(orphan), names(reconcile(NOW.withOrphans()), State.REMOVED));
    assertTrue(present().containsAll(FOREIGN), () -> present().toString());
    assertEquals(1, own().size(), "the base");
  }

  @Test
  void imagesOfNoChainAreFoundInTheirPool() {
    String orphan = leak(world.chain());
    assertEquals(List.of(), reconcile(NOW).snapshots(), "no chain, no image to look at");
    assertEquals(List.of(orphan), names(reconcile(NOW.withPools("volumes")), State.ORPHANED));
    // an empty store is more likely one that is not there
    ReconcileReport empty = reconcile(NOW.withPools("volumes").withOrphans());
    assertEquals(List.of(orphan), names(empty, State.ORPHANED));
    assertTrue(empty.notes().toString().contains("knows no chain"), empty::toString);
    ReconcileReport missing = reconcile(NOW.withPools("no-such-pool"));
    assertEquals(1, missing.notes().size(), missing::toString);
  }

  @Test
  void anImageThatIsGoneIsSaid() {
    world.sync();
    world.disk.snapshots().forEach(it -> world.disk.removeSnapshot(it.name()));
    world.disk.delete();
    ReconcileReport report = reconcile(NOW);
    assertEquals(List.of(), report.snapshots());
    assertTrue(report.notes().toString().contains("volumes/disk-1 is gone"), report::toString);
  }

  @Test
  void nothingIsRemovedOfAChainThatCannotBeRead() throws IOException {
    world.sync();
    world.sync();
    String leaked = leak(world.chain());
    Path manifest;
    try (Stream<Path> files = Files.walk(world.records())) {
      manifest = files.filter(it -> it.endsWith("0000000001.json")).findFirst().orElseThrow();
    }
    byte[] whole = Files.readAllBytes(manifest);
    Files.write(manifest, new byte[] {'{'});
    ReconcileReport damaged = reconcile(NOW.withPools("volumes").withOrphans());
    assertEquals(3, damaged.in(State.NEEDED).size(), damaged::toString);
    assertEquals(1, damaged.notes().size(), damaged::toString);
    Files.write(manifest, whole);
    assertEquals(List.of(leaked), names(reconcile(NOW), State.REMOVED));
  }
}
