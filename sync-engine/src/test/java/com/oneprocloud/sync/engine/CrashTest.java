// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A process dies before and after every durable step of a run, and in the middle of every write;
 * the next one has to end what it began.
 */
class CrashTest {
  private static final int OBJECT = World.OBJECT;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  /** The run that dies. */
  enum Run {
    FULL,
    GROWTH,
    SHRINK,
    RESYNC
  }

  @ParameterizedTest
  @CsvSource({
    "FULL,false",
    "FULL,true",
    "GROWTH,false",
    "SHRINK,true",
    "RESYNC,false",
    "RESYNC,true"
  })
  void everyPointOfARunIsSurvived(Run run, boolean power) {
    List<String> points;
    try (World world = worldBefore(run, folder.resolve("count"))) {
      CrashPoint never = CrashPoint.never();
      assertTrue(world.crash(never, false, 0).isPresent());
      points = never.points();
    }
    assertTrue(
        new TreeSet<>(points)
            .containsAll(
                List.of(
                    "after acquire lease",
                    "after open run",
                    "after create snapshot",
                    "after open run with snapshot",
                    "after mark InFlight",
                    "after write first half",
                    "after flush",
                    "after journal",
                    "after record digests",
                    "after commit",
                    "after mark Committed",
                    "after give lease back")),
        points::toString);
    int died = 0;
    for (int point = 0; point < points.size(); point++) {
      try (World world = worldBefore(run, folder.resolve("point-" + point))) {
        died += survives(world, run, point, power) ? 1 : 0;
        left += world.left();
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError(
            run + ", power " + power + ", point " + point + ", about " + points.get(point), e);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%s run%s: died at %d of %d points%n",
        run,
        power ? " and power" : "",
        died,
        points.size());
    // which thread comes first decides about a few points at the end of a run
    assertTrue(died > points.size() * 3 / 4, died + " of " + points.size());
  }

  /** Whether the point was reached. */
  private static boolean survives(World world, Run run, int point, boolean power) {
    Optional<DiskReport> whole = world.crash(CrashPoint.at(point), power, point);
    if (whole.isPresent()) {
      return false;
    }
    world.checkAtRest(run != Run.RESYNC);
    DiskReport next = world.restart();
    world.checkCommitted(next);
    if (run == Run.FULL) {
      assertTrue(next.verdict() == Verdict.FULL || next.committed().manifest().sequence() == 1);
    } else if (run == Run.RESYNC) {
      resynced(next);
    } else {
      assertEquals(Verdict.CONTINUE, next.verdict(), "the chain goes on");
    }

    world.write(3 * OBJECT + 100, 5000, 99);
    DiskReport following = world.restart();
    assertEquals(Verdict.CONTINUE, following.verdict());
    world.checkCommitted(following);
    assertEquals(2, world.own().size(), () -> "a base and a spare base: " + world.own());
    assertTrue(world.disk.snapshots().stream().anyMatch(it -> it.name().equals("foreign")));
    return true;
  }

  /** Whatever the run that died wrote is in the manifest, so that it is verified. */
  private static void resynced(DiskReport next) {
    if (next.verdict() == Verdict.CHECKSUM_RESYNC) {
      Manifest manifest = next.committed().manifest();
      assertEquals(manifest.size(), manifest.extents().bytes(), "all of it was compared");
    } else {
      assertTrue(next.committed().manifest().sequence() > 2, "the run that died had committed");
    }
  }

  private static World worldBefore(Run run, Path folder) {
    World world = new World(folder, 12L * OBJECT);
    world.write(0, 3 * OBJECT / 2, 1).write(4L * OBJECT, OBJECT, 2).write(9L * OBJECT, OBJECT, 3);
    if (run != Run.FULL) {
      world.sync();
      world.write(OBJECT, 700, 4);
      world.sync();
      world.write(100, OBJECT, 5);
      world.disk.discard(4L * OBJECT, OBJECT);
      world.disk.resize((run == Run.GROWTH ? 14L : 9L) * OBJECT + 512);
      world.write(8L * OBJECT + 100, 300, 6);
      if (run == Run.RESYNC) {
        world.own().forEach(world.disk::removeSnapshot);
      }
    }
    world.disk.snapshot("foreign");
    return world;
  }

  /** Writes, resizes, crashes, losses of power, and snapshots that somebody else removes. */
  @Test
  void aProcessThatDiesAgainAndAgainLosesNothing() {
    long seed = RandomWorkload.seed();
    int rounds = RandomWorkload.steps(60);
    SplittableRandom random = new SplittableRandom(seed);
    int crashes = 0;
    int commits = 0;
    int removals = 0;
    try (World world = new World(folder, 12L * OBJECT)) {
      for (int i = 0; i < rounds; i++) {
        removals += disturb(world, random, i) ? 1 : 0;
        boolean undisturbed = removals == 0;
        boolean power = random.nextInt(2) == 0;
        Optional<DiskReport> report =
            world.crash(CrashPoint.at(random.nextInt(90)), power, random.nextLong());
        if (report.isPresent()) {
          world.checkCommitted(report.get());
          commits++;
        } else {
          crashes++;
          world.checkAtRest(undisturbed);
          world.letLeasesExpire();
        }
      }
      world.checkCommitted(world.restart());
      world.write(0, 10, 1);
      DiskReport last = world.restart();
      world.checkCommitted(last);
      world.checkCommitted(world.restart());
      assertEquals(2, world.own().size());
      assertTrue(last.committed().manifest().sequence() > 0);
      left = world.left();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError("with -Dsync.seed=" + seed + " -Dsync.steps=" + rounds, e);
    }
    System.out.printf(
        Locale.ROOT,
        "history of %d rounds with -Dsync.seed=%d: %d crashes, %d commits, %d snapshots removed by"
            + " others%n",
        rounds,
        seed,
        crashes,
        commits,
        removals);
    assertTrue(crashes > 0 && commits > 0, "some runs died, some did not");
  }

  /** What happens to an image between two runs; whether a snapshot of ours was removed. */
  private static boolean disturb(World world, SplittableRandom random, int round) {
    if (random.nextInt(5) == 0) {
      world.disk.resize(random.nextLong(8L * OBJECT, 16L * OBJECT));
    }
    int room = (int) world.disk.size();
    int length = random.nextInt(1, 2 * OBJECT);
    world.write(random.nextInt(room - length), length, round);
    if (random.nextInt(4) == 0) {
      world.disk.discard(random.nextInt(7) * (long) OBJECT, OBJECT);
    }
    List<String> own = world.own();
    if (random.nextInt(8) == 0 && !own.isEmpty()) {
      world.disk.removeSnapshot(own.get(random.nextInt(own.size())));
      return true;
    }
    if (random.nextInt(8) == 0 && !own.isEmpty()) {
      world.disk.rollBack(own.get(random.nextInt(own.size())));
    }
    return false;
  }
}
