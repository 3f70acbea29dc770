// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.Rot;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.memory.Call;
import com.oneprocloud.sync.engine.memory.Effect;
import com.oneprocloud.sync.engine.memory.Faults;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas held against the digests in their chains. */
class OfflineCheckTest {
  private static final int BLOCK = World.OBJECT;

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private void end(World world) {
    left += world.left();
    world.close();
  }

  private static Extents block(long number) {
    return Extents.of(Extent.data(number * BLOCK, BLOCK));
  }

  private static DigestRecord digests(DiskReport report) {
    return report.committed().manifest().digests().orElseThrow();
  }

  /** Where the records of digests are, the oldest first. */
  private static List<Path> records(World world) {
    try (Stream<Path> files = Files.walk(world.records())) {
      return files.filter(it -> it.toString().endsWith(".digests")).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long bytes(World world) {
    return records(world).stream().mapToLong(it -> it.toFile().length()).sum();
  }

  @Test
  void everyBlockThatRotsIsFoundAndNoOther() {
    World world = new World(folder, 20L * BLOCK + 100);
    world.write(3L * BLOCK + 5, 7 * BLOCK, 1).sync();
    world.write(5L * BLOCK + 1000, 10, 2).sync();
    OfflineReport report = world.offline();
    assertTrue(report.intact(), report::toString);
    assertEquals(20L * BLOCK + 100, report.bytesChecked());
    assertTrue(report.toString().contains("no difference"), report::toString);
    for (int number = 0; number < 21; number++) {
      long offset = number * (long) BLOCK + (number == 20 ? 99 : 12_345);
      Rot.flip(world.file(), offset);
      OfflineReport spoilt = world.offline();
      assertFalse(spoilt.intact());
      assertEquals(
          number == 20 ? Extents.of(Extent.data(20L * BLOCK, 100)) : block(number),
          spoilt.differing());
      assertEquals(0, spoilt.bytesUnknown());
      assertEquals(20L * BLOCK + 100, spoilt.bytesChecked());
      assertTrue(spoilt.toString().contains("differs: "), spoilt::toString);
      Rot.flip(world.file(), offset);
    }
    assertTrue(world.offline().intact());
    end(world);
  }

  @ParameterizedTest
  @ValueSource(longs = {-BLOCK - 7, -7, 7, BLOCK + 7, 9L * BLOCK})
  void anImageThatGrowsAndShrinksIsKnownToItsLastByte(long by) {
    long size = 20L * BLOCK + 1000;
    World world = new World(folder, size);
    world.write(0, (int) size, 1).sync();
    for (long next : new long[] {size + by, size, size + by, size + 2 * by}) {
      world.disk.resize(next);
      DiskReport report = world.sync();
      world.checkCommitted(report);
      assertEquals(next, world.offline().bytesChecked());
      for (long offset :
          new long[] {next - 1, Math.min(next, size) - 1, Math.min(next, size) - 2000}) {
        Rot.flip(world.file(), offset);
        assertEquals(
            Extents.of(
                Extent.data(
                    offset - offset % BLOCK, Math.min(BLOCK, next - (offset - offset % BLOCK)))),
            world.offline().differing());
        Rot.flip(world.file(), offset);
      }
    }
    end(world);
  }

  @Test
  void whatWasNotVerifiedIsUnknownUntilItIs() {
    World world = new World(folder, 20L * BLOCK);
    EngineSettings none = World.SETTINGS.withVerification(Verification.NONE);
    world.write(4L * BLOCK, 4 * BLOCK, 1).with(none);
    world.checkCommitted(world.sync());
    assertEquals(4L * BLOCK, world.offline().bytesUnknown(), "what was moved");
    assertEquals(16L * BLOCK, world.offline().bytesChecked(), "what was never written is zero");
    assertFalse(world.offline().intact());
    assertTrue(world.offline().toString().contains("unknown"));
    world.write(5L * BLOCK, 10, 2).with(World.SETTINGS);
    world.checkCommitted(world.sync());
    assertEquals(3L * BLOCK, world.offline().bytesUnknown());
    world.write(5L * BLOCK + 100, 10, 3).write(10L * BLOCK, 10, 3).with(none);
    world.checkCommitted(world.sync());
    assertEquals(5L * BLOCK, world.offline().bytesUnknown());
    world.with(World.SETTINGS.withVerification(Verification.ALL));
    world.checkCommitted(world.sync());
    assertTrue(world.offline().intact());
    world.with(none);
    world.checkCommitted(world.sync(SyncMode.RESYNC));
    assertEquals(20L * BLOCK, world.offline().bytesUnknown());
    end(world);
  }

  /** Rotating verification makes known again what was not. */
  @Test
  void rotatingVerificationMakesAllKnown() {
    World world = new World(folder, 33L << 20);
    world.write(4L << 20, 1 << 20, 1);
    world.with(World.SETTINGS.withVerification(Verification.NONE)).sync();
    assertEquals(1 << 20, world.offline().bytesUnknown());
    world.with(World.SETTINGS.withVerification(Verification.ROTATING).withShares(4));
    for (int i = 0; i < 4; i++) {
      world.checkCommitted(world.sync());
    }
    assertTrue(world.offline().intact());
    end(world);
  }

  /** A run that was cut short, and taken up: what was written before counts as well. */
  @Test
  void aRunThatWasTakenUpKnowsAllThatItWrote() {
    for (int at = 2; at < 40; at += 7) {
      World world = new World(folder.resolve("at-" + at), 64L * BLOCK);
      world.write(0, 10 * BLOCK, 1).sync();
      world.write(100, 40 * BLOCK, 2);
      int read = at;
      assertThrows(
          StorageException.class, () -> world.sync(Faults.nth(Call.Kind.READ, read, Effect::fail)));
      assertThrows(ConflictException.class, world::offline);
      DiskReport report = world.sync();
      world.checkCommitted(report);
      assertTrue(world.offline().intact());
      end(world);
    }
  }

  @Test
  void recordsTakeNoMoreThanTwiceTheRoomOfAllBlocks() {
    SplittableRandom random = new SplittableRandom(RandomWorkload.seed());
    World world = new World(folder, 400L * BLOCK);
    world.write(0, 400 * BLOCK, 1);
    long full = digests(world.sync()).bytes();
    assertTrue(full >= 8 * 400 && full < 8 * 400 + 64, "bytes of a full run: " + full);
    int merged = 0;
    for (int i = 0; i < 40; i++) {
      int writes = 1 + random.nextInt(20);
      for (int n = 0; n < writes; n++) {
        world.write(random.nextLong(399L * BLOCK), 1 + random.nextInt(BLOCK), i);
      }
      DiskReport report = world.sync();
      world.checkCommitted(report);
      DigestRecord digests = digests(report);
      merged += digests.complete() ? 1 : 0;
      assertEquals(digests.baseBytes() + digests.bytesSince(), bytes(world));
      assertTrue(bytes(world) <= 2 * full, () -> bytes(world) + " bytes of records");
      assertTrue(digests.complete() || digests.bytes() <= 20 + writes * 48L);
    }
    assertTrue(merged > 1, "records were put into one");
    assertTrue(merged < 20, "most runs only add");
    assertTrue(world.offline().intact());
    assertEquals(41, world.chains().newest(world.chain(), 100).size(), "manifests stay");
    end(world);
  }

  @Test
  void thereAreNeverVeryManyRecords() {
    World world = new World(folder, 4000L * BLOCK);
    world.write(0, 4000 * BLOCK, 1).sync();
    int most = 0;
    for (int i = 0; i < 70; i++) {
      world.write(i * 31L * BLOCK, 1, i).sync();
      most = Math.max(most, records(world).size());
    }
    assertEquals(64, most);
    assertTrue(world.offline().intact());
    end(world);
  }

  /** A record that rots costs what it knew, and no point. */
  @Test
  void aRecordThatIsDamagedIsSaidAndDoesNotStopTheChain() throws IOException {
    for (int which = 0; which < 2; which++) {
      for (boolean gone : new boolean[] {true, false}) {
        World world = new World(folder.resolve(which + "-" + gone), 64L * BLOCK);
        world.write(0, 64 * BLOCK, 1).sync();
        world.write(7L * BLOCK, 100, 2).sync();
        Path record = records(world).get(which);
        if (gone) {
          Files.delete(record);
        } else {
          byte[] bytes = Files.readAllBytes(record);
          bytes[bytes.length - 3] ^= 1;
          Files.write(record, bytes);
        }
        ChainBrokenException refused = assertThrows(ChainBrokenException.class, world::offline);
        assertTrue(
            refused.getMessage().contains(world.chain() + " #" + which), refused.getMessage());
        DiskReport added = world.write(9L * BLOCK, 100, 3).sync();
        assertFalse(digests(added).complete());
        assertThrows(ChainBrokenException.class, world::offline);
        // so much that the records are put into one
        DiskReport merged = world.write(10L * BLOCK, 50 * BLOCK, 4).sync();
        assertTrue(digests(merged).complete());
        assertTrue(
            merged.notes().toString().contains("Verification.ALL"), merged.notes()::toString);
        OfflineReport report = world.offline();
        assertEquals(Extents.none(), report.differing());
        assertEquals(14L * BLOCK, report.bytesUnknown());
        world.with(World.SETTINGS.withVerification(Verification.ALL));
        DiskReport all = world.sync();
        assertFalse(all.notes().toString().contains("digests"), all.notes()::toString);
        assertTrue(world.offline().intact());
        end(world);
      }
    }
  }

  @Test
  void aManifestThatIsDamagedIsSaid() throws IOException {
    World world = new World(folder, 64L * BLOCK);
    world.write(0, 64 * BLOCK, 1).sync();
    world.write(7L * BLOCK, 100, 2).sync();
    String name = String.format(Locale.ROOT, "%010d.json", 0);
    Path manifest;
    try (Stream<Path> files = Files.walk(world.records())) {
      manifest = files.filter(it -> it.endsWith(name)).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(manifest);
    bytes[100] ^= 1;
    Files.write(manifest, bytes);
    assertThrows(ChainBrokenException.class, world::offline);
    end(world);
  }

  @Test
  void aReplicaThatIsNotOfTheNewestPointIsRefused() throws Exception {
    World world = new World(folder, 20L * BLOCK);
    assertThrows(NotFoundException.class, world::offline);
    world.write(0, 20 * BLOCK, 1).sync();
    Path record = world.file().resolveSibling("disk-1.replica.json");
    byte[] older = Files.readAllBytes(record);
    world.write(0, 20, 2).sync();
    byte[] newest = Files.readAllBytes(record);
    Files.write(
        record, new String(older, UTF_8).replaceAll(",\\s*\"left\"[^\\n]*", "").getBytes(UTF_8));
    TargetException refused = assertThrows(TargetException.class, world::offline);
    assertTrue(refused.getMessage().contains("#1"), refused.getMessage());
    Files.write(record, newest);
    assertTrue(world.offline().intact());
    assertThrows(
        NotFoundException.class,
        () ->
            OfflineCheck.run(
                world.chains(), DirectoryTarget.at(folder.resolve("other")), World.NAME));
    Files.delete(world.file());
    assertThrows(NotFoundException.class, world::offline);
    end(world);
  }

  /** As a copy is that did not keep the time. */
  @Test
  void aReplicaWithAnotherTimeIsCheckedAndItIsSaid() throws IOException {
    World world = new World(folder, 20L * BLOCK);
    world.write(0, 20 * BLOCK, 1).sync();
    Files.setLastModifiedTime(world.file(), FileTime.from(Instant.ofEpochSecond(1)));
    OfflineReport report = world.offline();
    assertTrue(report.intact());
    assertTrue(report.changed().isPresent());
    assertTrue(report.toString().contains("changed by somebody else"), report::toString);
    try (RandomAccessFile file = new RandomAccessFile(world.file().toFile(), "rw")) {
      file.setLength(18L * BLOCK - 1);
    }
    assertEquals(Extents.of(Extent.data(17L * BLOCK, 3L * BLOCK)), world.offline().differing());
    end(world);
  }

  @Test
  void nobodyWritesToAReplicaThatIsBeingChecked() throws Exception {
    World world = new World(folder, 20L * BLOCK);
    world.write(0, 20 * BLOCK, 1).sync();
    try (var held = world.target().openToRead(World.NAME)) {
      assertEquals(20L * BLOCK, held.size());
      assertThrows(TargetException.class, world::sync);
    }
    try (var held = world.target().open(World.NAME)) {
      assertEquals(20L * BLOCK, held.size());
      assertThrows(TargetException.class, world::offline);
    }
    world.sync();
    end(world);
  }

  @Test
  void anInterruptEndsIt() {
    World world = new World(folder, 20L * BLOCK);
    world.write(0, 20 * BLOCK, 1).sync();
    Thread.currentThread().interrupt();
    assertThrows(
        InterruptedException.class,
        () -> OfflineCheck.run(world.chains(), world.target(), World.NAME));
    assertFalse(Thread.currentThread().isInterrupted());
    assertEquals(Optional.empty(), world.offline().changed());
    end(world);
  }
}
