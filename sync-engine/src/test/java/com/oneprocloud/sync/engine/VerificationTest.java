// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.Rot;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the levels of verification find in a replica that is spoilt, and what a run makes of it. */
class VerificationTest {
  private static final int STRIPE = 4 << 20;
  private static final int SHARES = 4;
  private static final EngineSettings ROTATING =
      World.SETTINGS.withVerification(Verification.ROTATING).withShares(SHARES);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private void end(World world) {
    left += world.left();
    world.close();
  }

  /** A world with a point, whose replica has a bit of rot that its file's time does not show. */
  private World spoilt(EngineSettings settings, long size, long offset) throws IOException {
    World world = new World(folder, size).with(settings);
    world.write(0, (int) size, 1).sync();
    Rot.flip(world.file(), offset);
    return world;
  }

  private static void assertRepaired(World world, DiskReport report) {
    world.checkCommitted(report);
    assertEquals(Verdict.CHECKSUM_RESYNC, report.verdict());
    assertEquals(VerdictReason.REPLICA_DIFFERS, report.reason());
    assertEquals(DiffMethod.CHECKSUM, report.diff().method());
    assertEquals(DiffReason.REPLICA_DIFFERS, report.diff().reason());
    assertTrue(report.notes().toString().contains("should be"), report.notes()::toString);
    assertEquals(Verdict.CHECKSUM_RESYNC, report.committed().manifest().verdict());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whateverIsSpoiltIsFoundWithinAsManyRunsAsThereAreShares(boolean digests) throws IOException {
    for (int stripe = 0; stripe < SHARES + 2; stripe++) {
      folder = folder.resolve("stripe-" + stripe);
      World world =
          spoilt(
              ROTATING.withDigests(digests).withBytesInFlight(4 << 20),
              (SHARES + 2L) * STRIPE - 1000,
              (stripe + 1L) * STRIPE - 1001);
      int found = 0;
      for (int run = 1; run <= SHARES; run++) {
        world.write(5000, 10, run);
        if (run == 2) {
          // what belongs to which share does not depend on the size
          world.disk.resize((SHARES + 5L) * STRIPE);
        }
        DiskReport report = world.sync();
        if (report.reason() == VerdictReason.REPLICA_DIFFERS) {
          assertRepaired(world, report);
          assertEquals(stripe % SHARES, report.committed().manifest().sequence() % SHARES);
          found++;
        } else {
          assertEquals(Verdict.CONTINUE, report.verdict());
          assertTrue(report.bytesVerified() >= STRIPE && report.bytesVerified() < 4L * STRIPE);
        }
      }
      assertEquals(1, found);
      DiskReport last = world.sync();
      world.checkCommitted(last);
      assertEquals(Verdict.CONTINUE, last.verdict());
      end(world);
    }
  }

  @Test
  void everythingIsRepairedWhereItIsVerified() throws IOException {
    World world = spoilt(World.SETTINGS.withVerification(Verification.ALL), 40L * World.OBJECT, 9);
    DiskReport report = world.sync();
    assertRepaired(world, report);
    assertEquals(MapTrust.UNUSED, report.committed().manifest().maps());
    assertEquals(4096, report.bytesWritten());
    assertEquals(World.OBJECT, report.bytesRead(), "the block that differs");
    assertEquals(World.OBJECT, report.bytesVerifyRead());
    end(world);
  }

  @Test
  void whatChangedIsAllThatTheDefaultLooksAt() throws IOException {
    World world = spoilt(World.SETTINGS, 40L * World.OBJECT, 9);
    world.write(5L * World.OBJECT, 100, 7);
    DiskReport report = world.sync();
    assertEquals(Verdict.CONTINUE, report.verdict());
    assertEquals(100, report.bytesVerified());
    assertEquals(0, report.bytesVerifyRead());
    end(world);
  }

  @Test
  void objectMapsThatMayBeTheCauseAreNotUsedAnyMore() throws IOException {
    World world =
        spoilt(
            World.SETTINGS.withVerification(Verification.ROTATING).withShares(1).withFastDiff(true),
            40L * World.OBJECT,
            9);
    DiskReport report = world.sync();
    assertRepaired(world, report);
    assertEquals(MapTrust.QUARANTINED, report.committed().manifest().maps());
    end(world);
  }

  /** Also where the maps were not used before the run that found it, and died over it. */
  @Test
  void aRepairThatWasCutShortIsTakenUp() throws IOException {
    World world = spoilt(World.SETTINGS, 40L * World.OBJECT, 9);
    world.with(World.SETTINGS.withVerification(Verification.ALL).withFastDiff(true));
    // 40 to verify, then those of the repair
    assertThrows(
        StorageException.class, () -> world.sync(Faults.nth(Call.Kind.DIGEST, 60, Effect::fail)));
    world.checkAtRest();
    DiskReport report = world.sync();
    world.checkCommitted(report);
    assertEquals(VerdictReason.RUN_RESUMED, report.reason());
    assertEquals(Verdict.CHECKSUM_RESYNC, report.verdict());
    assertEquals(DiffReason.REPLICA_DIFFERS, report.diff().reason());
    assertEquals(VerdictReason.REPLICA_DIFFERS, report.committed().manifest().reason());
    assertEquals(MapTrust.QUARANTINED, report.committed().manifest().maps());
    end(world);
  }

  /**
   * What was written a moment ago and is not there is no matter of the chain: nothing is committed.
   */
  @Test
  void whatWasWrittenAndDiffersFailsTheRun() {
    World world = new World(folder, 12L * World.OBJECT);
    world.write(0, 12 * World.OBJECT, 1).sync();
    world.write(0, 100, 2);
    Faults wrong =
        call ->
            call.kind() == Call.Kind.READ && call.number() == 1 ? Effect.flipBit(7) : Effect.none();
    assertThrows(TargetException.class, () -> world.sync(wrong));
    DiskReport next = world.sync();
    world.checkCommitted(next);
    assertEquals(0, next.resumedAt());
    end(world);
  }
}
