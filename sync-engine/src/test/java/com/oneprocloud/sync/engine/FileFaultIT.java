// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.tck.FaultLayer;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.FileFaults;
import com.oneprocloud.sync.engine.fixture.FileFaults.Call;
import com.oneprocloud.sync.engine.fixture.FileFaults.Rule;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.tck.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Full and broken disks below chain store and target: a layer below the JVM fails the calls that
 * they make, one after the other. Whatever fails, the run ends in a typed error or well, and the
 * next one puts everything right.
 */
class FileFaultIT {
  private static final int EIO = 5;
  private static final int ENOSPC = 28;

  /** Of each kind of call so many are failed, chosen at random where a run makes more. */
  private static final int MOST = RandomWorkload.steps(8);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  @Test
  void everyCallToTheFileSystemMayFail() throws Exception {
    run(Enumeration.class);
  }

  @Test
  void whatAFailedFsyncLostIsWrittenAgain() throws Exception {
    run(FailedSync.class);
  }

  private void run(Class<?> main) throws Exception {
    Path rules = FileFaults.create(folder.resolve("rules"));
    ProcessBuilder builder =
        ChildJvm.of(main, folder.toString(), Long.toString(RandomWorkload.seed()));
    builder.environment().put("LD_PRELOAD", FaultLayer.library().toString());
    builder.environment().put("SYNC_FAULTS", rules.toString());
    Process process = builder.redirectOutput(ProcessBuilder.Redirect.INHERIT).start();
    try {
      assertTrue(process.waitFor(10, TimeUnit.MINUTES), "it hangs");
      assertEquals(0, process.exitValue(), "see its output");
    } finally {
      process.destroyForcibly();
    }
  }

  /** The process whose calls fail. */
  static final class Enumeration {
    private static final int OBJECT = World.OBJECT;

    private final FileFaults faults = FileFaults.ofThisProcess();
    private final SplittableRandom random;
    private final Path folder;
    private int cases;
    private int failedRuns;

    private Enumeration(Path folder, long seed) {
      this.folder = folder;
      this.random = new SplittableRandom(seed);
    }

    /** Where calls fail. */
    enum Place {
      STORE("/chains/", StorageException.class),
      TARGET("/replicas/", TargetException.class);

      final String path;
      final Class<? extends SyncException> error;

      Place(String path, Class<? extends SyncException> error) {
        this.path = path;
        this.error = error;
      }
    }

    public static void main(String[] arguments) {
      long seed = Long.parseLong(arguments[1]);
      try {
        new Enumeration(Path.of(arguments[0]), seed).run();
      } catch (Throwable e) {
        new AssertionError("with -Dsync.seed=" + seed, e).printStackTrace();
        System.exit(1);
      }
      System.exit(0);
    }

    private void run() throws Exception {
      Set<String> kinds = new TreeSet<>();
      for (Place place : Place.values()) {
        for (boolean full : new boolean[] {true, false}) {
          for (Call call : Call.values()) {
            int calls = count(place, full, call);
            Set<Integer> chosen = new TreeSet<>();
            while (chosen.size() < Math.min(MOST, calls)) {
              chosen.add(calls <= MOST ? chosen.size() : random.nextInt(calls));
            }
            for (int after : chosen) {
              kinds.add(place + " " + call);
              survive(place, full, call, after);
            }
          }
        }
      }
      System.out.printf(
          Locale.ROOT,
          "%d calls failed, of the kinds %s; %d of the runs failed with them%n",
          cases,
          kinds,
          failedRuns);
      assertTrue(kinds.size() >= 10 && failedRuns > cases / 2, kinds::toString);
    }

    private World world(boolean full) {
      World world = new World(folder.resolve("world-" + cases++), 12L * OBJECT);
      world.write(0, 3 * OBJECT / 2, 1).write(4L * OBJECT, OBJECT, 2);
      if (!full) {
        world.sync();
        world.write(OBJECT, 700, 4).write(5L * OBJECT, 3 * OBJECT, 5);
        world.disk.discard(4L * OBJECT, OBJECT);
        world.disk.resize(10L * OBJECT);
      }
      return world;
    }

    private int count(Place place, boolean full, Call call) {
      try (World world = world(full)) {
        faults.arm(Rule.once(call, place.path, Integer.MAX_VALUE, EIO));
        world.sync();
        int seen = faults.seen(0);
        faults.disarm();
        return seen;
      }
    }

    private void survive(Place place, boolean full, Call call, int after) {
      Rule rule =
          new Rule(
              EnumSet.of(call),
              place.path,
              after,
              random.nextBoolean() ? EIO : ENOSPC,
              random.nextBoolean(),
              random.nextBoolean(),
              false,
              false);
      try (World world = world(full)) {
        faults.arm(rule);
        try {
          world.sync();
        } catch (SyncException e) {
          assertInstanceOf(place.error, e);
          assertTrue(
              e.getMessage().contains(rule.error() == EIO ? "EIO" : "ENOSPC")
                  || e.getMessage().contains("Input/output error")
                  || e.getMessage().contains("No space left on device"),
              e::getMessage);
          assertTrue(e.advice().isPresent());
          failedRuns++;
        } finally {
          faults.disarm();
        }
        world.letLeasesExpire();
        world.checkAtRest();
        world.checkCommitted(world.sync());
        world.write(100, 5000, 77);
        DiskReport following = world.sync();
        assertEquals(Verdict.CONTINUE, following.verdict());
        world.checkCommitted(following);
        assertEquals(2, world.own().size(), () -> world.own().toString());
        assertEquals(0, world.left());
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError((full ? "full run, " : "increment, ") + rule, e);
      }
    }
  }

  /**
   * The process whose fsync fails, after which the kernel takes what it could not write for clean.
   */
  static final class FailedSync {
    private static final int SIZE = 20 << 20;

    private FailedSync() {}

    public static void main(String[] arguments) throws IOException {
      try {
        run(Path.of(arguments[0]));
      } catch (Throwable e) {
        e.printStackTrace();
        System.exit(1);
      }
      System.exit(0);
    }

    private static void run(Path folder) {
      FileFaults faults = FileFaults.ofThisProcess();
      Rule losing = new Rule(EnumSet.of(Call.SYNC), ".raw", 0, EIO, false, false, true, false);
      // the journal cannot say so either, on the same full disk
      Rule journal =
          new Rule(
              EnumSet.of(Call.WRITE, Call.OPEN), ".progress", 0, ENOSPC, true, false, false, true);
      for (boolean both : new boolean[] {false, true}) {
        try (World world = new World(folder.resolve("world-" + both), SIZE)) {
          // flushed at the end only, with records of progress before that, and nothing is compared
          world.with(
              World.SETTINGS
                  .withVerification(Verification.NONE)
                  .withFlushPeriod(Duration.ofHours(1)));
          world.sync();
          world.write(0, SIZE, 7);
          if (both) {
            faults.arm(losing, journal);
          } else {
            faults.arm(losing);
          }
          TargetException broken = assertThrows(TargetException.class, world::sync);
          assertEquals(1, faults.fired(0), "not flushed again");
          assertEquals(both, faults.fired(1) > 0);
          faults.disarm();
          assertEquals("EIO", broken.code().orElseThrow());
          DiskReport next = world.sync();
          assertEquals(both ? VerdictReason.RUN_LOST : VerdictReason.RUN_RESUMED, next.reason());
          world.checkCommitted(next);
          world.write(5, 500, 8);
          world.checkCommitted(world.sync());
        }
      }
      System.out.println("what failed fsyncs lost was written again");
    }
  }
}
