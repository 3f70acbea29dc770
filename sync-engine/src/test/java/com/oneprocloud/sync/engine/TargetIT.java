// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.fixture.World;
import com.oneprocloud.sync.engine.target.BlockDeviceTarget;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.opentest4j.TestAbortedException;

/** Targets on file systems and block devices that are full, read-only, too small or broken. */
class TargetIT {
  private static final int OBJECT = World.OBJECT;
  private static final int MIB = 1 << 20;

  @TempDir Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private final Deque<String[]> undo = new ArrayDeque<>();
  private World world;

  @BeforeEach
  void open() throws Exception {
    if (!output("id", "-u").equals("0")) {
      String message = "mounts and loop devices need root";
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError(message);
      }
      throw new TestAbortedException(message);
    }
    world = new World(folder.resolve("world"), 8 * MIB);
    world.write(0, 6 * MIB, 1);
  }

  @AfterEach
  void close() throws Exception {
    if (world != null) {
      left = world.left();
      world.close();
    }
    while (!undo.isEmpty()) {
      output(undo.pop());
    }
  }

  @Test
  void aFullFileSystemIsATypedErrorAndTheRunGoesOnWhenThereIsRoom() throws Exception {
    Path mounted = mount("4m");
    Target target = DirectoryTarget.at(mounted.resolve("replicas"));
    TargetException full = assertThrows(TargetException.class, () -> world.sync(target));
    assertEquals(Optional.of("ENOSPC"), full.code());
    output("mount", "-o", "remount,size=32m", mounted.toString());
    DiskReport resumed = world.sync(target);
    assertEquals(VerdictReason.RUN_RESUMED, resumed.reason());
    assertHolds(resumed, DirectoryTarget.at(mounted.resolve("replicas")).file(World.NAME));
    world.write(100, 1000, 2);
    DiskReport next = world.sync(target);
    assertEquals(Verdict.CONTINUE, next.verdict());
    assertHolds(next, DirectoryTarget.at(mounted.resolve("replicas")).file(World.NAME));
  }

  @Test
  void aFileSystemWithoutRoomForTheRecordIsATypedError() throws Exception {
    Path mounted = mount("1m");
    byte[] filler = new byte[MIB - 4096];
    Files.write(mounted.resolve("filler"), filler);
    Target target = DirectoryTarget.at(mounted.resolve("replicas"));
    assertThrows(TargetException.class, () -> world.sync(target));
    assertTrue(world.own().size() <= 1);
    output("mount", "-o", "remount,size=32m", mounted.toString());
    assertHolds(
        world.sync(target), DirectoryTarget.at(mounted.resolve("replicas")).file(World.NAME));
  }

  @Test
  void aReadOnlyFileSystemIsRefusedInThePlan() throws Exception {
    Path mounted = mount("32m");
    Target target = DirectoryTarget.at(mounted.resolve("replicas"));
    assertHolds(
        world.sync(target), DirectoryTarget.at(mounted.resolve("replicas")).file(World.NAME));
    output("mount", "-o", "remount,ro", mounted.toString());
    InvalidPlanException refused =
        assertThrows(InvalidPlanException.class, () -> world.sync(target));
    assertTrue(refused.getMessage().contains("cannot be written"), refused::getMessage);
    assertEquals(1, world.own().size());
    output("mount", "-o", "remount,rw", mounted.toString());
    assertEquals(Verdict.CONTINUE, world.sync(target).verdict());
  }

  @Test
  void aDeviceIsOverwrittenGrowsAndShrinksWithItsImage() throws Exception {
    Path backing = folder.resolve("disk");
    byte[] garbage = new byte[12 * MIB];
    Arrays.fill(garbage, (byte) 0xee);
    Files.write(backing, garbage);
    Path device = loop(backing);
    Target target = devices(device);
    assertHolds(world.sync(target), backing);
    world.write(OBJECT, 1000, 2);
    world.disk.discard(3L * OBJECT, OBJECT);
    assertHolds(world.sync(target), backing);
    // what was beyond the image is whatever the device held
    world.disk.resize(11L * MIB);
    assertHolds(world.sync(target), backing);
    world.write(5L * MIB, 3 * MIB, 3);
    assertHolds(world.sync(target), backing);
    world.disk.resize(5L * MIB);
    assertHolds(world.sync(target), backing);
    world.disk.resize(12L * MIB);
    DiskReport grown = world.sync(target);
    assertEquals(Verdict.CONTINUE, grown.verdict());
    assertHolds(grown, backing);

    world.disk.resize(13L * MIB);
    InvalidPlanException small = assertThrows(InvalidPlanException.class, () -> world.sync(target));
    assertTrue(small.getMessage().contains(Long.toString(12L * MIB)), small::getMessage);
    world.disk.resize(12L * MIB);
    assertHolds(world.sync(target), backing);
  }

  @Test
  void aDeviceThatSomebodyElseUsedIsRefusedAndRepairedWhenAsked() throws Exception {
    Path backing = Files.write(folder.resolve("disk"), new byte[8 * MIB]);
    Path device = loop(backing);
    Target target = devices(device);
    world.sync(target);
    world.write(OBJECT, 1000, 2);
    assertEquals(Verdict.CONTINUE, world.sync(target).verdict());

    // a boot sector, a superblock beyond a partition table, a backup of it at the end; a wiped
    // device
    for (long offset : new long[] {0, MIB + 1080, 8L * MIB - 4096}) {
      try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
        file.seek(offset);
        file.write(new byte[] {1, 2, 3});
      }
      refusedThenRepaired(target, backing, "it was left with");
    }
    try (RandomAccessFile file = new RandomAccessFile(device.toFile(), "rw")) {
      file.write(new byte[8 * MIB]);
    }
    refusedThenRepaired(target, backing, "it was left with");

    // another device in its place, of another chain or of none
    Path other = loop(Files.write(folder.resolve("other"), new byte[8 * MIB]));
    Path link = Files.createSymbolicLink(folder.resolve("by-id"), device);
    Target linked = devices(link);
    world.sync(linked);
    Files.delete(link);
    Files.createSymbolicLink(link, other);
    refusedThenRepaired(linked, folder.resolve("other"), "it was left with");
    Files.delete(link);
  }

  @Test
  void aDeviceThatBecameShorterIsRefusedAndOneThatGrewIsNot() throws Exception {
    Path backing = Files.write(folder.resolve("disk"), new byte[12 * MIB]);
    Path device = loop(backing);
    Target target = devices(device);
    world.sync(target);
    resize(backing, device, 16L * MIB);
    assertEquals(Verdict.CONTINUE, world.sync(target).verdict());
    // still as large as the image
    resize(backing, device, 8L * MIB);
    refusedThenRepaired(target, backing, "only 8388608 bytes");
    resize(backing, device, 4L * MIB);
    InvalidPlanException small = assertThrows(InvalidPlanException.class, () -> world.sync(target));
    assertTrue(small.getMessage().contains("holds 4194304 bytes"), small::getMessage);
  }

  private static void resize(Path backing, Path device, long size) throws Exception {
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
      file.setLength(size);
    }
    output("losetup", "--set-capacity", device.toString());
  }

  private void refusedThenRepaired(Target target, Path backing, String why) throws IOException {
    InvalidPlanException refused =
        assertThrows(InvalidPlanException.class, () -> world.sync(target));
    assertTrue(refused.getMessage().contains(why), refused::getMessage);
    DiskReport repaired =
        world.in(
            engine -> engine.run(engine.plan(World.IMAGE, target, SyncMode.RESYNC)).disks().get(0));
    assertHolds(repaired, backing);
    assertEquals(Verdict.CONTINUE, world.sync(target).verdict());
  }

  @Test
  void aChainStoreOnAFullFileSystemIsATypedErrorAndTheRunGoesOnWhenThereIsRoom() throws Exception {
    world.sync();
    world.write(0, 6 * MIB, 4);
    Path chains = world.records();
    Path moved = Files.move(chains, folder.resolve("moved"));
    Files.createDirectory(chains);
    output("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", chains.toString());
    undo.push(new String[] {"umount", chains.toString()});
    output("cp", "-a", moved + "/.", chains.toString());
    Path filler = chains.resolve("filler");
    assertThrows(IOException.class, () -> Files.write(filler, new byte[2 * MIB]));
    StorageException full = assertThrows(StorageException.class, () -> world.sync());
    assertTrue(full.getMessage().contains("No space left on device"), full::getMessage);
    Files.delete(filler);
    world.letLeasesExpire();
    world.checkCommitted(world.sync());
    world.write(0, 100, 5);
    DiskReport next = world.sync();
    assertEquals(Verdict.CONTINUE, next.verdict());
    world.checkCommitted(next);
  }

  @Test
  void anImageThatOutgrowsItsDeviceAfterThePlanIsATypedError() throws Exception {
    Path backing = folder.resolve("disk");
    Files.write(backing, new byte[8 * MIB]);
    Target target = devices(loop(backing));
    assertHolds(world.sync(target), backing);
    world.in(
        engine -> {
          var plan = engine.plan(World.IMAGE, target);
          world.disk.resize(9L * MIB);
          return assertThrows(TargetException.class, () -> engine.run(plan));
        });
    world.disk.resize(8L * MIB);
    // the snapshot that is too large is given up with the run that took it
    assertThrows(InvalidPlanException.class, () -> syncTooLarge(target));
    DiskReport repaired =
        world.in(
            engine -> engine.run(engine.plan(World.IMAGE, target, SyncMode.RESYNC)).disks().get(0));
    assertHolds(repaired, backing);
  }

  private void syncTooLarge(Target target) {
    world.disk.resize(9L * MIB);
    try {
      world.sync(target);
    } finally {
      world.disk.resize(8L * MIB);
    }
  }

  @Test
  void aRegularFileIsNoDevice() throws Exception {
    Path file = Files.write(folder.resolve("precious"), new byte[] {1});
    assertThrows(InvalidPlanException.class, () -> world.sync(devices(file)));
    assertThrows(InvalidPlanException.class, () -> world.sync(devices(folder.resolve("none"))));
    assertArrayEquals(new byte[] {1}, Files.readAllBytes(file));
  }

  /** Writes go to the page cache and are lost there; only the flush tells. */
  @Test
  void whatAFailingDeviceLostIsWrittenAgain() throws Exception {
    // flushed at the end only, with records of progress before that
    world.with(
        World.SETTINGS.withVerification(Verification.NONE).withFlushPeriod(Duration.ofHours(1)));
    world.disk.resize(20L * MIB);
    world.write(0, 20 * MIB, 5);
    Path mounted = mount("32m");
    Path backing = mounted.resolve("disk");
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
      file.setLength(20L * MIB);
    }
    Path device = loop(backing);
    // full for the device, whose writes fail with EIO
    output("mount", "-o", "remount,size=5m", mounted.toString());
    TargetException broken = assertThrows(TargetException.class, () -> world.sync(devices(device)));
    assertEquals(Optional.of("EIO"), broken.code(), broken::toString);
    output("mount", "-o", "remount,size=32m", mounted.toString());
    DiskReport resumed = syncWhenErrorsAreTold(devices(device));
    assertEquals(VerdictReason.RUN_RESUMED, resumed.reason());
    assertHolds(resumed, backing);
  }

  /** A kernel tells each later opener of a write that failed while nobody flushed. */
  private DiskReport syncWhenErrorsAreTold(Target target) {
    for (int left = 3; ; left--) {
      try {
        return world.sync(target);
      } catch (TargetException e) {
        if (left == 0 || !e.code().equals(Optional.of("EIO"))) {
          throw e;
        }
      }
    }
  }

  private Target devices(Path device) {
    return BlockDeviceTarget.of(Map.of(World.NAME, device), folder.resolve("records"));
  }

  private void assertHolds(DiskReport report, Path file) throws IOException {
    Manifest manifest = report.committed().manifest();
    Snapshot snapshot =
        world.disk.snapshots().stream()
            .filter(it -> it.id().equals(manifest.snapshot().id()))
            .findFirst()
            .orElseThrow();
    byte[] expected = world.disk.readFully(snapshot);
    try (InputStream held = new FileInputStream(file.toFile())) {
      byte[] actual = held.readNBytes(expected.length);
      assertEquals(-1, Arrays.mismatch(expected, actual), "first byte that differs");
    }
  }

  private Path mount(String size) throws Exception {
    Path mounted = Files.createDirectory(folder.resolve("mounted"));
    output("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", mounted.toString());
    undo.push(new String[] {"umount", mounted.toString()});
    return mounted;
  }

  private Path loop(Path backing) throws Exception {
    String device = output("losetup", "--find", "--show", backing.toString());
    undo.push(new String[] {"losetup", "--detach", device});
    return Path.of(device);
  }

  private static String output(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), () -> List.of(command) + " hangs");
    assertEquals(0, process.exitValue(), () -> List.of(command) + ": " + text);
    return text.strip();
  }
}
