// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.ImageModel;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.api.tck.RandomWorkload.Operation;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.fixture.MemoryFixture;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Each bug shows where it is switched on, and only there; the exact diff is right beside it. */
class KnownBugTest {
  private static final int MIB = 1 << 20;
  private static final ImageSpec SPEC = ImageSpec.of("volumes", "disk");

  private final List<MemoryCluster> clusters = new ArrayList<>();

  @AfterEach
  void close() {
    clusters.forEach(MemoryCluster::close);
  }

  /** A point of an image that the diff is checked from and to; the base may be nothing. */
  private record Interval(MemoryDisk disk, @Nullable Snapshot base, Snapshot end) {
    Extents fast() {
      return disk.fastDiff(base, end);
    }
  }

  /** Does something to a new image and says between which snapshots to look. */
  @FunctionalInterface
  private interface Scenario {
    Interval run(MemoryCluster cluster);
  }

  private MemoryCluster cluster(KnownBug... bugs) {
    MemoryCluster cluster = MemoryCluster.builder().pools("volumes").bugs(bugs).build();
    clusters.add(cluster);
    return cluster;
  }

  private static MemoryDisk disk(MemoryCluster cluster) {
    return cluster.newDisk(SPEC).size(16 * MIB).objectSize(MIB).objectMap().create();
  }

  private static byte[] bytes(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  private static ImageModel content(MemoryDisk disk, @Nullable Snapshot snapshot) {
    ImageModel model = new ImageModel(snapshot == null ? 0 : snapshot.size());
    if (snapshot != null) {
      model.write(0, disk.readFully(snapshot));
    }
    return model;
  }

  private static boolean complete(Interval interval, Extents diff) {
    ImageModel end = content(interval.disk(), interval.end());
    try {
      ImageModel.checkDiff(content(interval.disk(), interval.base()), end, diff, 0, end.size());
      return true;
    } catch (AssertionError missed) {
      return false;
    }
  }

  private static Extents exact(MemoryCluster cluster, Interval interval) {
    try (Image image = cluster.open(interval.disk().spec())) {
      return image.diff(interval.base(), interval.end());
    }
  }

  /** What the engine itself finds, with object maps allowed. */
  private static boolean oursIsComplete(MemoryCluster cluster, Interval interval) {
    return complete(interval, Ours.of(cluster, interval).extents());
  }

  /**
   * What the engine itself finds.
   *
   * @param choice how
   * @param extents what changed
   */
  private record Ours(DiffChoice choice, Extents extents) {
    static Ours of(MemoryCluster cluster, Interval interval) {
      ExecutorService executor = Executors.newFixedThreadPool(2);
      try (Image image = cluster.open(interval.disk().spec());
          SnapshotReader reader = image.at(interval.end())) {
        DiffSelection selection =
            DiffSelection.of(image, reader, interval.base(), true, MapTrust.UNUSED, 1);
        Extents.Builder extents = Extents.builder();
        try (DiffStream stream =
            new DiffStream(
                reader, interval.base(), selection.candidates(), Extents.none(), false, executor)) {
          while (stream.hasNext()) {
            extents.addAll(stream.next().extents());
          }
        }
        return new Ours(selection.choice(), extents.build());
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      } finally {
        executor.shutdown();
      }
    }
  }

  private static void assertOurs(DiffReason reason, MemoryCluster cluster, Interval interval) {
    Ours ours = Ours.of(cluster, interval);
    assertTrue(complete(interval, ours.extents()), "ours misses something");
    assertEquals(reason, ours.choice().reason());
  }

  /** With the bug fast-diff misses a change that the exact diff holds; without, both hold it. */
  private void assertOnlyFastDiffMisses(Scenario scenario, KnownBug bug) {
    MemoryCluster buggy = cluster(bug);
    Interval interval = scenario.run(buggy);
    assertFalse(complete(interval, interval.fast()), "fast-diff misses nothing");
    assertTrue(complete(interval, exact(buggy, interval)), "the exact diff misses something");
    assertTrue(oursIsComplete(buggy, interval), "ours misses something");
    MemoryCluster sound = cluster();
    Interval same = scenario.run(sound);
    assertTrue(complete(same, same.fast()), "fast-diff misses something without the bug");
    assertTrue(complete(same, exact(sound, same)));
    assertTrue(oursIsComplete(sound, same), "ours misses something without the bug");
  }

  /** With the bug even the exact diff misses a change; without, it does not. */
  private void assertExactDiffMisses(Scenario scenario, KnownBug bug) {
    MemoryCluster buggy = cluster(bug);
    Interval interval = scenario.run(buggy);
    assertFalse(complete(interval, exact(buggy, interval)));
    MemoryCluster sound = cluster();
    Interval same = scenario.run(sound);
    assertTrue(complete(same, exact(sound, same)));
  }

  @Test
  void rollbackHidesChangesFromFastDiffInAllReleases() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk = disk(cluster);
    disk.write(0, bytes(MIB, 1));
    disk.snapshot("a0");
    disk.snapshot("a");
    disk.write(0, bytes(MIB, 2));
    Snapshot b = disk.snapshot("b");
    disk.rollBack("a");
    Interval interval = new Interval(disk, b, disk.snapshot("c"));
    assertFalse(complete(interval, interval.fast()));
    assertTrue(complete(interval, exact(cluster, interval)));
    assertOurs(DiffReason.MAPS_CONTRADICTED, cluster, interval);
  }

  /** A roll back writes to every object, so that a few of many thousand tell. */
  @Test
  void aRollbackIsSeenInAFewOfManyObjects() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk =
        cluster.newDisk(SPEC).size(20_000 * 4096L).objectSize(4096).objectMap().create();
    disk.write(0, bytes(20_000 * 4096, 1));
    disk.snapshot("a0");
    disk.snapshot("a");
    disk.write(77 * 4096, bytes(1, 2));
    Snapshot b = disk.snapshot("b");
    disk.rollBack("a");
    Interval interval = new Interval(disk, b, disk.snapshot("c"));
    assertFalse(complete(interval, interval.fast()));
    assertOurs(DiffReason.MAPS_CONTRADICTED, cluster, interval);
  }

  /**
   * What no check from outside finds, and why object maps are not allowed by default: one wrong
   * entry among many right ones.
   */
  @Test
  void aSingleWrongEntryAmongManyIsFoundByLuckOnly() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk =
        cluster.newDisk(SPEC).size(20_000 * 4096L).objectSize(4096).objectMap().create();
    disk.write(0, bytes(20_000 * 4096, 1));
    Snapshot a = disk.snapshot("a");
    disk.write(77 * 4096, bytes(1, 2));
    Snapshot b = disk.snapshot("b");
    disk.damageObjectMap(b, 77, ObjectState.EXISTS_CLEAN);
    Interval interval = new Interval(disk, a, b);
    assertFalse(oursIsComplete(cluster, interval));
    assertFalse(EngineSettings.defaults().fastDiff());
    assertTrue(complete(interval, exact(cluster, interval)));
  }

  @Test
  void shrinkingAndGrowingHidesChangesFromFastDiffInAllReleases() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk = disk(cluster);
    disk.write(8 * MIB, bytes(MIB, 1));
    Snapshot a = disk.snapshot("a");
    disk.resize(4 * MIB);
    disk.snapshot("small");
    disk.resize(16 * MIB);
    Interval interval = new Interval(disk, a, disk.snapshot("b"));
    assertFalse(complete(interval, interval.fast()));
    assertTrue(complete(interval, exact(cluster, interval)));
    assertOurs(DiffReason.SIZE_CHANGED, cluster, interval);
  }

  @Test
  void whatSpeaksAgainstObjectMapsIsNamed() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk = disk(cluster);
    disk.write(0, bytes(3 * MIB, 1));
    Snapshot a = disk.snapshot("a");
    disk.write(MIB, bytes(512, 2));
    Snapshot b = disk.snapshot("b");
    Interval interval = new Interval(disk, a, b);
    assertOurs(DiffReason.MAPS_CONSISTENT, cluster, interval);
    assertEquals(List.of(Extent.data(MIB, 512)), Ours.of(cluster, interval).extents());
    assertOurs(DiffReason.MAPS_CONSISTENT, cluster, new Interval(disk, null, b));
    disk.invalidateObjectMap(b);
    assertOurs(DiffReason.MAP_FLAGGED, cluster, interval);
    disk.loseObjectMap(b);
    assertOurs(DiffReason.MAP_UNUSABLE, cluster, interval);
    MemoryDisk clone =
        cloneOf(cluster.newDisk(ImageSpec.of("volumes", "p")).size(16 * MIB).create());
    Snapshot first = clone.snapshot("a");
    assertOurs(DiffReason.PARENT, cluster, new Interval(clone, null, first));
    clone.flatten();
    assertOurs(
        DiffReason.MAPS_CONSISTENT, cluster, new Interval(clone, first, clone.snapshot("b")));
  }

  @Test
  void aMapOfASnapshotTakenUnderWritesIsStale() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          disk.write(0, bytes(MIB, 1));
          disk.snapshot("before");
          Snapshot a = disk.snapshot("a");
          disk.write(0, bytes(512, 2));
          return new Interval(disk, a, disk.snapshot("b"));
        },
        KnownBug.STALE_MAP_UNDER_WRITES);
  }

  @Test
  void aCopyUpIsMissingInTheMapsOfSnapshots() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk clone = cloneOf(disk(cluster));
          Snapshot a = clone.snapshot("a");
          clone.resize(MIB);
          clone.resize(16 * MIB);
          return new Interval(clone, a, clone.snapshot("b"));
        },
        KnownBug.COPY_UP_NOT_IN_MAPS);
  }

  private static MemoryDisk cloneOf(MemoryDisk parent) {
    parent.write(4 * MIB, bytes(2 * MIB, 1));
    parent.snapshot("base");
    return parent
        .newClone("base", ImageSpec.of("volumes", "clone"))
        .objectSize(MIB)
        .objectMap()
        .create();
  }

  @Test
  void aMapThatIsFlaggedAsInvalidIsTrusted() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          Snapshot a = disk.snapshot("a");
          disk.write(0, bytes(MIB, 1));
          Snapshot b = disk.snapshot("b");
          disk.damageObjectMap(b, 0, ObjectState.NONEXISTENT);
          disk.invalidateObjectMap(b);
          assertFalse(disk.isObjectMapValid(b));
          return new Interval(disk, a, b);
        },
        KnownBug.VALIDITY_OF_BASE_ONLY);
  }

  @Test
  void fastDiffFromNothingLeavesOutTheParent() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk clone = cloneOf(disk(cluster));
          return new Interval(clone, null, clone.snapshot("a"));
        },
        KnownBug.FAST_DIFF_WITHOUT_PARENT);
  }

  @Test
  void cleanObjectsBeyondTheBaseAreLeftOut() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          Snapshot a = disk.snapshot("a");
          disk.resize(24 * MIB);
          disk.write(20 * MIB, bytes(MIB, 1));
          Snapshot b = disk.snapshot("b");
          // As after the removal of a snapshot between, before the map of the next one knows.
          disk.damageObjectMap(b, 20, ObjectState.EXISTS_CLEAN);
          return new Interval(disk, a, b);
        },
        KnownBug.CLEAN_OBJECTS_OF_GROWTH);
  }

  @Test
  void pendingObjectsAreLeftOut() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          disk.write(0, bytes(MIB, 1));
          Snapshot a = disk.snapshot("a");
          disk.write(0, bytes(MIB, 2));
          Snapshot b = disk.snapshot("b");
          disk.damageObjectMap(b, 0, ObjectState.PENDING);
          return new Interval(disk, a, b);
        },
        KnownBug.PENDING_OBJECTS);
  }

  @Test
  void stripesAreReportedAtWrongOffsets() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk =
              cluster
                  .newDisk(SPEC)
                  .size(16 * MIB)
                  .objectSize(MIB)
                  .striping(64 << 10, 4)
                  .objectMap()
                  .create();
          Snapshot a = disk.snapshot("a");
          disk.write(3 * (64 << 10), bytes(64 << 10, 1));
          return new Interval(disk, a, disk.snapshot("b"));
        },
        KnownBug.FAST_DIFF_OF_STRIPES);
  }

  @Test
  void aMissingMapIsSkipped() {
    assertOnlyFastDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          disk.write(0, bytes(MIB, 1));
          Snapshot a = disk.snapshot("a");
          disk.write(0, bytes(MIB, 2));
          Snapshot between = disk.snapshot("between");
          Snapshot b = disk.snapshot("b");
          disk.loseObjectMap(between);
          assertThrows(NotFoundException.class, () -> disk.objectState(between, 0));
          return new Interval(disk, a, b);
        },
        KnownBug.MISSING_MAP_SKIPPED);
  }

  @Test
  void aMapThatIsWrongWithoutAFlagMisleadsFastDiffAlone() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk = disk(cluster);
    disk.write(0, bytes(MIB, 1));
    Snapshot a = disk.snapshot("a");
    disk.write(0, bytes(MIB, 2));
    Snapshot b = disk.snapshot("b");
    assertEquals(ObjectState.EXISTS, disk.objectState(b, 0));
    assertEquals(ObjectState.EXISTS_CLEAN, disk.objectState(null, 0));
    disk.damageObjectMap(b, 0, ObjectState.EXISTS_CLEAN);
    Interval interval = new Interval(disk, a, b);
    assertFalse(complete(interval, interval.fast()));
    assertTrue(complete(interval, exact(cluster, interval)));
    assertOurs(DiffReason.MAPS_CONTRADICTED, cluster, interval);
  }

  @Test
  void lostOverlapsMisleadTheExactDiff() {
    assertExactDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          disk.write(0, bytes(MIB, 1));
          Snapshot a = disk.snapshot("a");
          disk.write(4096, bytes(512, 2));
          return new Interval(disk, a, disk.snapshot("b"));
        },
        KnownBug.OVERLAP_LOST);
  }

  @Test
  void unrecordedCutsMisleadTheExactDiff() {
    assertExactDiffMisses(
        cluster -> {
          MemoryDisk disk = disk(cluster);
          disk.write(0, bytes(MIB, 1));
          Snapshot a = disk.snapshot("a");
          disk.discard(MIB / 2, MIB / 2);
          return new Interval(disk, a, disk.snapshot("b"));
        },
        KnownBug.CUT_NOT_RECORDED);
  }

  @Test
  void aRemovedSnapshotReadsAsZeros() {
    MemoryCluster cluster = cluster(KnownBug.REMOVED_SNAPSHOT_READS_ZEROS);
    MemoryDisk disk = disk(cluster);
    disk.write(0, bytes(MIB, 1));
    Snapshot a = disk.snapshot("a");
    try (Image image = cluster.open(SPEC);
        SnapshotReader reader = image.at(a)) {
      disk.removeSnapshot("a");
      ByteBuffer buffer = ByteBuffer.allocateDirect(1).put(0, (byte) 7);
      reader.read(0, buffer).join();
      assertEquals(0, buffer.get(0));
    }
  }

  @Test
  void fastDiffReportsWholeObjects() {
    MemoryCluster cluster = cluster();
    MemoryDisk disk = disk(cluster);
    disk.write(MIB, bytes(MIB, 1));
    Snapshot a = disk.snapshot("a");
    disk.discard(MIB, MIB);
    disk.write(5 * MIB + 7, bytes(1, 1));
    Snapshot b = disk.snapshot("b");
    assertEquals(List.of(Extent.zero(MIB, MIB), Extent.data(5 * MIB, MIB)), disk.fastDiff(a, b));
    assertEquals(Extents.none(), disk.fastDiff(b, b));
  }

  /** Without bugs, rollbacks and resizes, object maps tell the truth whatever else happens. */
  @Test
  void fastDiffSurvivesARandomWorkloadWithoutRollbackAndResize() {
    long seed = RandomWorkload.seed();
    for (int run = 0; run < RandomWorkload.runs(5); run++) {
      try (MemoryFixture fixture = new MemoryFixture();
          RandomWorkload workload =
              RandomWorkload.on(fixture, seed + run, 4 * MIB, 12 * MIB)
                  .without(Operation.ROLL_BACK, Operation.RESIZE)) {
        MemoryDisk disk = fixture.disk(workload.image());
        Snapshot base = null;
        for (int i = 0; i < RandomWorkload.steps(60); i++) {
          workload.step();
          Snapshot point = disk.snapshot("point-" + i);
          workload.snapshotTaken(point.name());
          checkFastDiff(workload, disk, null, point);
          checkFastDiff(workload, disk, base, point);
          if (base != null && workload.random().nextBoolean()) {
            disk.removeSnapshot(base.name());
            workload.snapshotRemoved(base.name());
          }
          base = point;
        }
      }
    }
  }

  private static void checkFastDiff(
      RandomWorkload workload, MemoryDisk disk, @Nullable Snapshot base, Snapshot end) {
    ImageModel before = base == null ? new ImageModel(0) : workload.at(base.name());
    try {
      ImageModel.checkDiff(
          before, workload.at(end.name()), disk.fastDiff(base, end), 0, end.size());
    } catch (AssertionError e) {
      throw workload.failed(e);
    }
  }
}
