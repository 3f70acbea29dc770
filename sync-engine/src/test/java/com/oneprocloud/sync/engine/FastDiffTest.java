// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs that find what changed by object maps, and what happens when the maps were wrong. */
class FastDiffTest {
  private static final int OBJECT = World.OBJECT;
  private static final EngineSettings FAST = World.SETTINGS.withFastDiff(true);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private World world(Path place) {
    World world = new World(place, 16 * OBJECT).with(FAST);
    for (int object = 0; object < 8; object++) {
      world.write((long) object * OBJECT, OBJECT, object);
    }
    // objects that were not written to between two snapshots, one of which is rolled back to
    world.disk.snapshot("before");
    world.disk.snapshot("then");
    return world.write(3 * OBJECT + 5, 1000, 77);
  }

  private void end(World world) {
    left += world.left();
    world.close();
  }

  private static MapTrust trust(DiskReport report) {
    return report.committed().manifest().maps();
  }

  @Test
  void objectMapsAreUsedWhereTheyAreAllowed() {
    World world = world(folder);
    DiskReport first = world.sync();
    assertEquals(new DiffChoice(DiffMethod.FAST, DiffReason.TO_BE_CHECKED), first.plan().diff());
    assertEquals(new DiffChoice(DiffMethod.FAST, DiffReason.MAPS_CONSISTENT), first.diff());
    assertEquals(MapTrust.USED, trust(first));
    world.checkCommitted(first);
    world.write(5 * OBJECT + 7, 100, 1);
    DiskReport next = world.sync();
    assertEquals(DiffMethod.FAST, next.diff().method());
    assertEquals(100, next.bytesRead());
    world.checkCommitted(next);
    world.with(FAST.withVerification(Verification.ALL)).write(0, 1, 2);
    assertEquals(MapTrust.UNUSED, trust(world.sync()), "all of it was compared");
    world.with(World.SETTINGS).write(0, 1, 3);
    DiskReport off = world.sync();
    assertEquals(new DiffChoice(DiffMethod.PRECISE, DiffReason.SWITCHED_OFF), off.diff());
    assertEquals(off.diff(), off.plan().diff());
    world.checkCommitted(off);
    end(world);
  }

  @Test
  void aRevertIsSeenAndRepaired() {
    World world = world(folder);
    world.sync();
    world.disk.rollBack("then");
    DiskReport report = world.sync();
    world.checkCommitted(report);
    assertEquals(Verdict.CHECKSUM_RESYNC, report.verdict());
    assertEquals(VerdictReason.MAPS_CONTRADICTED, report.reason());
    assertEquals(new DiffChoice(DiffMethod.CHECKSUM, DiffReason.MAPS_CONTRADICTED), report.diff());
    assertEquals(MapTrust.QUARANTINED, trust(report));
    assertTrue(report.bytesWritten() <= OBJECT, () -> report.bytesWritten() + " bytes");
    assertTrue(
        report.notes().toString().contains(" of 1 MiB were moved"), report.notes()::toString);
    world.write(9 * OBJECT, 10, 4);
    DiskReport after = world.sync();
    assertEquals(new DiffChoice(DiffMethod.PRECISE, DiffReason.QUARANTINED), after.diff());
    assertEquals(Verdict.CONTINUE, after.verdict());
    assertEquals(MapTrust.QUARANTINED, trust(after));
    world.checkCommitted(after);
    assertEquals(MapTrust.UNUSED, trust(world.sync(SyncMode.RESYNC)), "a person asked");
    DiskReport again = world.sync();
    assertEquals(DiffMethod.FAST, again.diff().method());
    world.checkCommitted(again);
    end(world);
  }

  /** Nothing that the replica holds rests on maps yet, so there is nothing else to repair. */
  @Test
  void aRevertBeforeMapsWereUsedNeedsNoComparison() {
    World world = world(folder).with(World.SETTINGS);
    world.sync();
    world.disk.rollBack("then");
    DiskReport report = world.with(FAST).sync();
    world.checkCommitted(report);
    assertEquals(Verdict.CONTINUE, report.verdict());
    assertEquals(new DiffChoice(DiffMethod.PRECISE, DiffReason.MAPS_CONTRADICTED), report.diff());
    assertEquals(MapTrust.QUARANTINED, trust(report));
    end(world);
  }

  /** An entry that was wrong at an earlier point is repaired by what a later run finds. */
  @Test
  void whatMapsHidEarlierIsRepairedToo() {
    World world = world(folder);
    world.write(12 * OBJECT, OBJECT, 6);
    world.sync();
    DiskReport wrong =
        world.in(
            world.cluster.connect(),
            CrashPoint.never(),
            engine -> engine.run(engine.plan(World.IMAGE, world.target())).disks().get(0));
    world.checkCommitted(wrong);
    world
        .disk
        .snapshots()
        .forEach(
            it -> {
              if (it.id().equals(wrong.committed().manifest().snapshot().id())) {
                world.disk.damageObjectMap(it, 12, ObjectState.NONEXISTENT);
              }
            });
    // the map of the base hides object 12, which the next one has as not written to
    world.disk.discard(12 * OBJECT, OBJECT);
    world.disk.rollBack("then");
    DiskReport report = world.sync();
    assertEquals(VerdictReason.MAPS_CONTRADICTED, report.reason());
    world.checkCommitted(report);
    end(world);
  }

  /** A process killed at any point of the run that finds out. */
  @Test
  void aRevertIsRepairedThroughCrashes() {
    for (int point = 0; ; point++) {
      World world = world(folder.resolve(Integer.toString(point)));
      world.sync();
      world.disk.rollBack("then");
      Optional<DiskReport> whole = world.crash(CrashPoint.at(point), point % 2 == 0, point);
      DiskReport last = whole.isPresent() ? whole.get() : world.restart();
      world.checkAtRest();
      world.checkCommitted(last);
      assertEquals(MapTrust.QUARANTINED, trust(last), "point " + point);
      end(world);
      if (whole.isPresent()) {
        assertTrue(point > 10, "points: " + point);
        return;
      }
    }
  }

  /** What was moved by maps is moved anew when a later run of the same point does without them. */
  @Test
  void aRunThatUsedMapsIsNotTakenUpWithoutThem() {
    for (int point = 0; ; point++) {
      World world = world(folder.resolve(Integer.toString(point)));
      world.sync();
      world.write(2 * OBJECT, 10 * OBJECT, 8);
      Optional<DiskReport> whole = world.crash(CrashPoint.at(point), false, point);
      if (whole.isEmpty()) {
        DiskReport report = world.with(World.SETTINGS).restart();
        assertEquals(DiffMethod.PRECISE, report.diff().method());
        assertEquals(0, report.resumedAt(), "point " + point);
        world.checkCommitted(report);
      }
      end(world);
      if (whole.isPresent()) {
        return;
      }
    }
  }
}
