// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Repairs of a broken chain, where digests say which blocks need not move. */
class DigestResyncTest {
  private static final int OBJECT = World.OBJECT;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private void end(World world) {
    left += world.left();
    world.close();
  }

  private static void loseBases(World world) {
    world.own().forEach(world.disk::removeSnapshot);
  }

  /** Bytes of blocks of 64 KiB in which two contents differ; what one has not counts as zeros. */
  private static long differing(byte[] held, byte[] wanted) {
    byte[] same = Arrays.copyOf(held, wanted.length);
    long bytes = 0;
    for (int at = 0; at < wanted.length; at += OBJECT) {
      int end = Math.min(wanted.length, at + OBJECT);
      bytes += Arrays.equals(same, at, end, wanted, at, end) ? 0 : end - at;
    }
    return bytes;
  }

  @Test
  void onlyBlocksThatDifferAreReadAgainAndAgain() throws IOException {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    int resyncs = RandomWorkload.steps(30);
    int died = 0;
    long size = 0;
    long read = 0;
    long differing = 0;
    try (World world = new World(folder, 20L * OBJECT)) {
      try {
        world.write(0, 12 * OBJECT, random.nextLong());
        world.sync();
        for (int round = 0; round < resyncs; round++) {
          change(world, random);
          loseBases(world);
          byte[] held = held(world);
          CrashPoint point =
              random.nextBoolean() ? CrashPoint.never() : CrashPoint.at(random.nextInt(200));
          Optional<DiskReport> whole = world.crash(point, random.nextBoolean(), random.nextLong());
          DiskReport report = whole.orElseGet(world::restart);
          world.checkCommitted(report);
          Manifest manifest = report.committed().manifest();
          if (whole.isPresent()) {
            assertEquals(Verdict.CHECKSUM_RESYNC, report.verdict());
            long differs = differing(held, held(world));
            assertTrue(
                report.bytesRead() <= differs,
                () -> report.bytesRead() + " bytes read, " + differs + " in blocks that differ");
            assertTrue(report.bytesWritten() <= report.bytesRead());
            assertEquals(0, report.bytesVerifyRead());
            assertEquals(manifest.size(), report.bytesVerified());
            size += manifest.size();
            read += report.bytesRead();
            differing += differs;
          } else {
            died++;
          }
          if (report.verdict() == Verdict.CHECKSUM_RESYNC) {
            assertEquals(manifest.size(), manifest.extents().bytes(), "all of it was compared");
          }
        }
      } catch (RuntimeException | AssertionError e) {
        throw new AssertionError("with -Dsync.seed=" + seed + " -Dsync.steps=" + resyncs, e);
      } finally {
        left += world.left();
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d resyncs with -Dsync.seed=%d, %d of them died before: of %d bytes %d in blocks that"
            + " differ, %d read%n",
        resyncs,
        seed,
        died,
        size,
        differing,
        read);
    assertTrue(read > 0 && read < size / 2);
  }

  private static void change(World world, SplittableRandom random) {
    if (random.nextInt(3) == 0) {
      world.disk.resize(random.nextLong(8L * OBJECT, 40L * OBJECT));
    }
    int room = (int) world.disk.size();
    for (int n = random.nextInt(3); n > 0; n--) {
      int length = random.nextInt(1, random.nextBoolean() ? 100 : 2 * OBJECT);
      world.write(random.nextInt(room - length), length, random.nextLong());
    }
    if (random.nextInt(3) == 0) {
      world.disk.discard(random.nextInt(8) * (long) OBJECT, OBJECT);
    }
    if (random.nextInt(3) == 0) {
      world.disk.writeZeroes(random.nextInt(room - 5000), 5000);
    }
    if (random.nextInt(6) == 0) {
      byte[] all = new byte[room];
      world.disk.read(0, ByteBuffer.wrap(all));
      world.replaceImage(room).disk.write(0, all);
    }
  }

  private World resyncing(Path place) {
    World world = new World(place, 12L * OBJECT);
    world.write(0, 12 * OBJECT, 1).sync();
    loseBases(world);
    return world;
  }

  @Test
  void withoutDigestsEverythingIsReadTwice() {
    World world = resyncing(folder).with(World.SETTINGS.withDigests(false));
    DiskReport report = world.sync();
    world.checkCommitted(report);
    assertEquals(12L * OBJECT, report.bytesRead());
    assertEquals(12L * OBJECT, report.bytesVerifyRead());
    assertEquals(0, report.bytesDigested() + report.bytesVerifyDigested());
    end(world);
  }

  /** Nobody has tried what digests a cache tier hands out. */
  @Test
  void behindACacheTierEverythingIsRead() {
    try (MemoryCluster cluster =
            MemoryCluster.builder().pools("volumes").cacheTier(CacheTier.PRESENT).build();
        Snapshotter snapshotter = cluster.snapshotter();
        SyncEngine engine =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(DirectoryChainStore.at(folder.resolve("chains")))
                .build()) {
      cluster.newDisk(World.IMAGE).size(OBJECT).create().write(0, new byte[OBJECT]);
      DirectoryTarget target = DirectoryTarget.at(folder.resolve("replicas"));
      engine.run(engine.plan(World.IMAGE, target));
      DiskReport report = engine.run(engine.plan(World.IMAGE, target)).disks().get(0);
      assertEquals(VerdictReason.CACHE_TIER, report.reason());
      assertEquals(0, report.bytesDigested() + report.bytesVerifyDigested());
      assertEquals(OBJECT, report.bytesRead());
    }
  }

  @Test
  void withDigestsNothingIsReadOfWhatIsThere() {
    World world = resyncing(folder);
    DiskReport report = world.sync();
    world.checkCommitted(report);
    assertEquals(VerdictReason.BASE_LOST, report.reason());
    assertEquals(0, report.bytesRead() + report.bytesVerifyRead());
    assertEquals(12L * OBJECT, report.bytesDigested());
    assertEquals(12L * OBJECT, report.bytesVerifyDigested());
    assertEquals(12L * OBJECT, report.bytesVerified());
    assertEquals(1, report.extents());
    end(world);
  }

  @Test
  void aDigestThatFailsFailsTheRun() {
    for (int number : new int[] {1, 5, 13, 20}) {
      World world = resyncing(folder.resolve("digest-" + number));
      world.write(5L * OBJECT, 100, 5);
      StorageException failed =
          assertThrows(
              StorageException.class,
              () -> world.sync(Faults.nth(Call.Kind.DIGEST, number, Effect::fail)));
      assertEquals(Optional.of("EIO"), failed.code());
      world.checkAtRest(false);
      DiskReport next = world.sync();
      assertEquals(VerdictReason.RUN_RESUMED, next.reason());
      world.checkCommitted(next);
      assertEquals(
          12L * OBJECT, next.committed().manifest().extents().bytes(), "all that was compared");
      end(world);
    }
  }

  /** What was found to be there counts as progress, though nothing was read or flushed. */
  @Test
  void aComparisonThatWasCutShortIsTakenUpWhereItStopped() {
    int size = 48 << 20;
    World world =
        new World(folder, size)
            .with(
                World.SETTINGS
                    .withBytesInFlight(4 << 20)
                    .withFlushPeriod(Duration.ofHours(1))
                    .withVerification(Verification.NONE));
    world.write(0, size, 1).sync();
    loseBases(world);
    int pieces = size / OBJECT;
    assertThrows(
        StorageException.class,
        () -> world.sync(Faults.nth(Call.Kind.DIGEST, pieces * 3 / 4, Effect::fail)));
    DiskReport next = world.sync();
    world.checkCommitted(next);
    assertTrue(next.resumedAt() >= size / 2, () -> "taken up at " + next.resumedAt());
    assertEquals(size - next.resumedAt(), next.bytesDigested());
    end(world);
  }

  private static void flip(World world, long offset) {
    ByteBuffer bytes = ByteBuffer.allocate(1);
    world.disk.read(offset, bytes);
    world.disk.write(offset, new byte[] {(byte) (bytes.get(0) ^ 1)});
  }

  private static byte[] held(World world) throws IOException {
    // a channel would keep a direct buffer of that size for this thread
    try (InputStream file = new FileInputStream(world.file().toFile())) {
      return file.readAllBytes();
    }
  }

  /**
   * A storage that works digests out wrong: of the blocks that begin at some offsets, those of
   * their bytes with one bit flipped.
   */
  private static Faults wrongDigests(long... offsets) {
    return call ->
        call.kind() == Call.Kind.DIGEST
                && Arrays.stream(offsets).anyMatch(offset -> offset == call.offset())
            ? Effect.flipBit(77)
            : Effect.none();
  }

  /**
   * One wrong digest makes a block that differs look equal, another one that is equal look
   * different. The second tells that digests lie, and so that the first may be there.
   */
  @Test
  void digestsThatAreContradictedAreNotBelieved() {
    for (int seen : new int[] {1, 10}) {
      World world = resyncing(folder.resolve("seen-" + seen));
      flip(world, 6L * OBJECT + 77);
      DiskReport report = world.sync(wrongDigests(6L * OBJECT, (long) seen * OBJECT));
      world.checkCommitted(report);
      assertEquals(4096, report.bytesWritten());
      assertTrue(report.bytesRead() >= 12L * OBJECT, "all was compared by its bytes");
      assertEquals(12L * OBJECT, report.bytesVerifyRead());
      assertEquals(0, report.bytesVerifyDigested());
      assertTrue(report.notes().toString().contains("digests"), report.notes()::toString);
      end(world);
    }
  }

  @Test
  void verificationDoesNotBelieveDigestsThatAreContradicted() {
    World world = new World(folder, 12L * OBJECT);
    world.write(0, 12 * OBJECT, 1);
    DiskReport first = world.sync(wrongDigests(4L * OBJECT));
    world.checkCommitted(first);
    assertTrue(first.notes().toString().contains("digests"), first.notes()::toString);
    assertTrue(first.bytesVerifyRead() >= 12L * OBJECT);
    assertEquals(12L * OBJECT, first.bytesVerified());
    assertFalse(world.sync().notes().toString().contains("digests"));
    end(world);
  }
}
