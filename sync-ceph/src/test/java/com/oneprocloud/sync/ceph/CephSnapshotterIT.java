// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Snapshots beside a server that uses the image, played by {@code rbd bench}. */
@Timeout(180)
final class CephSnapshotterIT {
  private static final int MIB = 1 << 20;

  @RegisterExtension final Leaks leaks = new Leaks();

  private final CephLab lab = CephLab.start();
  private CephFixture fixture;

  @BeforeEach
  void open() {
    fixture = new CephFixture(lab);
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void takesSnapshotsOfAnImageInUseAndLeavesNoWatch() throws Exception {
    AdminImage made = fixture.create(ImageOptions.of(64 * MIB, 4 * MIB));
    made.close();
    CephSnapshotter snapshotter = leaks.snapshotter(fixture.snapshotterConfig());
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Server server = new Server(made.spec());
        Image image = cluster.open(made.spec())) {
      Snapshot one = snapshotter.create(made.spec(), "one");
      assertEquals(List.of(one), image.snapshots());
      assertTrue(one.created().isPresent());
      assertEquals(1, watchers(made.spec()), "only the server watches");
      snapshotter.remove(made.spec(), one);
      assertEquals(List.of(), image.snapshots());
      assertTrue(server.process.isAlive());
    }
  }

  /** With a user that may not blocklist, a server that does not answer lives on. */
  @Test
  void aServerThatDoesNotAnswerIsNotCutOff() throws Exception {
    AdminImage made = fixture.create(ImageOptions.of(64 * MIB, 4 * MIB));
    made.close();
    CephSnapshotter snapshotter =
        leaks.snapshotter(
            fixture.snapshotterConfig().toBuilder().snapshotRetry(Duration.ofSeconds(2)).build());
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Server server = new Server(made.spec());
        Image image = cluster.open(made.spec())) {
      server.signal("STOP");
      ConflictException refused;
      try {
        refused =
            assertThrows(ConflictException.class, () -> snapshotter.create(made.spec(), "refused"));
      } finally {
        server.signal("CONT");
      }
      assertEquals("EROFS", refused.code().orElseThrow());
      assertTrue(refused.advice().isPresent());
      assertEquals(List.of(), image.snapshots());
      Snapshot later = createOnceTheServerIsBack(snapshotter, made.spec());
      assertTrue(image.snapshots().contains(later));
      assertTrue(server.process.isAlive(), "the server was cut off");
      // The server may find the first request when it wakes up, and take that snapshot, too.
      for (Snapshot snapshot : image.snapshots()) {
        assertTrue(List.of("refused", "later").contains(snapshot.name()), snapshot::toString);
        snapshotter.remove(made.spec(), snapshot);
      }
    }
  }

  /** After a freeze of 30 s the server has to register its watch again. */
  private static Snapshot createOnceTheServerIsBack(CephSnapshotter snapshotter, ImageSpec spec) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (true) {
      try {
        return snapshotter.create(spec, "later");
      } catch (ConflictException e) {
        if (System.nanoTime() > end) {
          throw e;
        }
        LockSupport.parkNanos(100_000_000);
      }
    }
  }

  @Test
  void snapshotsOfOtherKindsAreSeenReadAndLeftAlone() throws Exception {
    AdminImage made = fixture.create(ImageOptions.of(8 * MIB, MIB));
    ImageSpec spec = made.spec();
    String group = spec.pool() + "/group-" + spec.name();
    made.write(0, ByteBuffer.wrap(new byte[] {1}));
    made.createSnapshot("base");
    made.write(0, ByteBuffer.wrap(new byte[] {2}));
    lab.rbd("group", "create", group);
    try {
      lab.rbd("group", "image", "add", group, spec.toString());
      lab.rbd("group", "snap", "create", group + "@g");
      made.write(MIB, ByteBuffer.wrap(new byte[] {3}));
      made.createSnapshot("end");
      CephSnapshotter snapshotter = leaks.snapshotter(fixture.snapshotterConfig());
      CephCluster cluster = leaks.connect(fixture.readerConfig());
      try (Image image = cluster.open(spec)) {
        List<Snapshot> all = image.snapshots();
        assertEquals(
            List.of(Snapshot.Kind.USER, Snapshot.Kind.GROUP, Snapshot.Kind.USER),
            all.stream().map(Snapshot::kind).toList());
        Snapshot grouped = all.get(1);
        assertEquals(1, image.diff(all.get(0), grouped).bytes(), "a byte was written");
        try (var reader = image.at(grouped)) {
          ByteBuffer buffer = ByteBuffer.allocateDirect(1);
          reader.read(0, buffer).join();
          assertEquals(2, buffer.get(0));
        }
        if (cluster.capabilities().has(Capability.DIFF_BY_ID)) {
          assertEquals(1, image.diff(grouped, all.get(2)).within(MIB, 1).bytes());
        } else {
          UnsupportedException refused =
              assertThrows(UnsupportedException.class, () -> image.diff(grouped, all.get(2)));
          assertTrue(refused.getMessage().contains("Reef 18.2.5"), refused.getMessage());
        }
        assertThrows(UnsupportedException.class, () -> snapshotter.remove(spec, grouped));
        assertEquals(3, image.snapshots().size());
      }
    } finally {
      lab.rbd("group", "snap", "rm", group + "@g");
      lab.rbd("group", "rm", group);
    }
  }

  @Test
  void refusesNamesThatCannotBe() {
    CephSnapshotter snapshotter = leaks.snapshotter(fixture.snapshotterConfig());
    ImageSpec spec = fixture.missingImage();
    for (String name : List.of("", "a@b", "a/b")) {
      assertThrows(IllegalArgumentException.class, () -> snapshotter.create(spec, name));
    }
  }

  private int watchers(ImageSpec spec) {
    return (int)
        lab.rbd("status", spec.toString())
            .lines()
            .filter(line -> line.contains("watcher="))
            .count();
  }

  /** A process that has an image open and holds its lock. */
  private final class Server implements AutoCloseable {
    private final Process process;

    Server(ImageSpec spec) throws IOException {
      ProcessBuilder builder =
          new ProcessBuilder(
              "rbd",
              "bench",
              "--io-type",
              "write",
              "--io-size",
              "512",
              "--io-threads",
              "1",
              "--io-total",
              "1T",
              "--io-pattern",
              "rand",
              spec.toString());
      builder.environment().put("CEPH_CONF", lab.conf().toString());
      // the host's own tool, whatever libraries this process was given
      builder.environment().remove("LD_LIBRARY_PATH");
      process =
          builder
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try {
        awaitLock(spec);
      } catch (RuntimeException | Error e) {
        process.destroyForcibly();
        throw e;
      }
    }

    private void awaitLock(ImageSpec spec) {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (!lab.rbd("lock", "ls", spec.toString()).contains("auto")) {
        assertTrue(process.isAlive() && System.nanoTime() < end, "rbd bench takes no lock");
        LockSupport.parkNanos(20_000_000);
      }
    }

    void signal(String name) throws IOException, InterruptedException {
      // the shell's own: some roots of other releases have no such program
      Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start();
      assertEquals(0, kill.waitFor());
    }

    @Override
    public void close() throws IOException {
      try {
        // Ends by itself on SIGINT and takes its watch along.
        signal("INT");
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
          process.destroyForcibly().waitFor();
        }
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      } finally {
        process.destroyForcibly();
      }
      assertFalse(process.isAlive());
    }
  }
}
