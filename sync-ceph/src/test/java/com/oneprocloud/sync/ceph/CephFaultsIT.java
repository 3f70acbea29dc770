// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What goes wrong on a cluster that works: each a typed error that says what to do, and nothing
 * left behind.
 */
final class CephFaultsIT {
  private static final int MIB = 1 << 20;
  private static final String WRONG_KEY = "AQBSdFhgyDp8LxAAFsbG/3y0rFEh3v2vaR5uCQ==";
  private static final Pattern ADDRESS = Pattern.compile("v1:[0-9.]+:[0-9]+");

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
  void aWrongKeyIsNotAccepted() throws Exception {
    CephConfig config =
        CephConfig.builder()
            .monitors(monitor())
            .user("sync-reader")
            .key(WRONG_KEY.toCharArray())
            .build();
    AuthenticationException refused =
        assertThrows(AuthenticationException.class, () -> leaks.connect(config));
    assertTrue(refused.getMessage().contains("client.sync-reader"), refused.getMessage());
    assertTrue(refused.advice().isPresent());
    assertFalse(refused.toString().contains(WRONG_KEY));
  }

  @Test
  void aKeyThatIsNoneIsNotAccepted() throws Exception {
    CephConfig config =
        CephConfig.builder()
            .monitors(monitor())
            .user("sync-reader")
            .key("no key".toCharArray())
            .build();
    assertThrows(AuthenticationException.class, () -> leaks.connect(config));
  }

  @Test
  void aUserWithoutAKeyIsNotAccepted() {
    CephConfig config = CephConfig.fromFile(lab.conf(), "client.nobody");
    AuthenticationException refused =
        assertThrows(AuthenticationException.class, () -> leaks.connect(config));
    assertTrue(refused.getMessage().contains("client.nobody"), refused.getMessage());
  }

  @Test
  void connectsByMonitorsUserAndKeyAlone() throws Exception {
    Matcher key =
        Pattern.compile("key = (\\S+)").matcher(Files.readString(lab.keyring("sync-reader")));
    assertTrue(key.find());
    CephCluster byKey =
        leaks.connect(
            CephConfig.builder()
                .monitors(monitor())
                .user("sync-reader")
                .key(key.group(1).toCharArray())
                .build());
    assertEquals(lab.fsid(), byKey.fsid());
    CephCluster byKeyring =
        leaks.connect(
            CephConfig.builder()
                .monitors(monitor())
                .user("client.sync-reader")
                .keyring(lab.keyring("sync-reader"))
                .option("no_such_option", "1")
                .build());
    assertEquals(lab.fsid(), byKeyring.fsid());
  }

  @Test
  void aMissingConfigurationIsNamed(@TempDir Path folder) throws IOException {
    Path missing = folder.resolve("ceph.conf");
    NotFoundException refused =
        assertThrows(
            NotFoundException.class, () -> leaks.connect(CephConfig.fromFile(missing, "a")));
    assertTrue(refused.getMessage().contains(missing.toString()), refused.getMessage());
    Files.writeString(missing, "this is [ no configuration\n");
    SyncException broken =
        assertThrows(SyncException.class, () -> leaks.connect(CephConfig.fromFile(missing, "a")));
    assertTrue(broken.getMessage().contains(missing.toString()), broken.getMessage());
  }

  @Test
  void anOptionOfTheWrongTypeIsNamed() {
    CephConfig config =
        fixture.readerConfig().toBuilder().option("rados_osd_op_timeout", "soon").build();
    SyncException refused = assertThrows(SyncException.class, () -> leaks.connect(config));
    assertTrue(refused.getMessage().contains("rados_osd_op_timeout=soon"), refused.getMessage());
  }

  @Test
  void aLibraryFolderWithoutLibrariesIsNamed(@TempDir Path folder) {
    CephConfig config = fixture.readerConfig().toBuilder().libraryPath(folder).build();
    NotFoundException refused = assertThrows(NotFoundException.class, () -> leaks.connect(config));
    assertTrue(refused.getMessage().contains(folder.toString()), refused.getMessage());
  }

  @Test
  void aSecondSetOfLibrariesIsRefused(@TempDir Path folder) throws IOException {
    leaks.connect(fixture.readerConfig());
    for (String name : List.of("librados.so.2", "librbd.so.1")) {
      Files.write(folder.resolve(name), new byte[] {0});
    }
    CephConfig config = fixture.readerConfig().toBuilder().libraryPath(folder).build();
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> leaks.connect(config));
    assertTrue(refused.getMessage().contains("one process for each"), refused.getMessage());
  }

  @Test
  void monitorsThatDoNotAnswerEndAtTheDeadline() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
      CephConfig config =
          CephConfig.builder()
              .monitors("127.0.0.1:" + silent.getLocalPort())
              .user("sync-reader")
              .key(WRONG_KEY.toCharArray())
              .connectDeadline(Duration.ofSeconds(2))
              .build();
      DeadlineException late = assertThrows(DeadlineException.class, () -> leaks.connect(config));
      assertTrue(late.getMessage().contains("127.0.0.1:" + silent.getLocalPort()));
      if ("nautilus".equals(System.getenv("SYNC_LAB_CLIENT"))) {
        // It tries ten times within one call, each as long as the deadline: left behind, it ends
        // later.
        assertTrue(late.getMessage().contains("still inside the Ceph library"), late.getMessage());
        Leaks.assertNoThreads(Duration.ofMinutes(2));
      } else {
        assertTrue(late.getMessage().contains("wrong key"), late.getMessage());
      }
    }
  }

  @Test
  void whatDoesNotExistIsNamed() {
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    ImageSpec spec = fixture.missingImage();
    NotFoundException noImage = assertThrows(NotFoundException.class, () -> cluster.open(spec));
    assertEquals("ENOENT", noImage.code().orElseThrow());
    assertEquals(spec.toString(), noImage.subject());
    AdminImage made = fixture.create(ImageOptions.of(MIB, MIB));
    made.createSnapshot("one");
    try (Image image = cluster.open(made.spec())) {
      NotFoundException noSnapshot =
          assertThrows(NotFoundException.class, () -> image.snapshot("none"));
      assertTrue(noSnapshot.getMessage().contains(made.spec() + "@none"), noSnapshot.getMessage());
      Snapshot one = image.snapshot("one");
      made.removeSnapshot("one");
      assertThrows(NotFoundException.class, () -> image.at(one));
    }
  }

  @Test
  void aParentOutOfSightIsNoSecret() {
    String parent = "images/faults-" + fixture.missingImage().name();
    ImageSpec clone = ImageSpec.parse("volumes/clone-" + fixture.missingImage().name());
    lab.rbd("create", parent, "--size", "8M", "--no-progress");
    try {
      lab.rbd("snap", "create", "--no-progress", parent + "@s");
      lab.rbd("snap", "protect", parent + "@s");
      lab.rbd("clone", parent + "@s", clone.toString());
      CephCluster blind = leaks.connect(CephConfig.fromFile(lab.conf(), "client.sync-blind"));
      assertTrue(blind.find(clone).isPresent());
      PermissionException refused =
          assertThrows(PermissionException.class, () -> blind.open(clone));
      assertTrue(refused.getMessage().contains(clone.toString()), refused.getMessage());
      assertTrue(refused.advice().orElseThrow().contains("parents"), refused.getMessage());
      CephCluster seeing = leaks.connect(fixture.readerConfig());
      try (Image image = seeing.open(clone)) {
        assertEquals(
            seeing.find(ImageSpec.parse(parent)).orElseThrow(),
            image.parent().orElseThrow().image());
      }
    } finally {
      lab.rbd("rm", "--no-progress", clone.toString());
      lab.rbd("snap", "unprotect", parent + "@s");
      lab.rbd("snap", "purge", "--no-progress", parent);
      lab.rbd("rm", "--no-progress", parent);
    }
  }

  @Test
  void aReaderMayNotMakeSnapshots() {
    AdminImage made = fixture.create(ImageOptions.of(MIB, MIB));
    CephSnapshotter snapshotter = leaks.snapshotter(fixture.readerConfig());
    assertThrows(PermissionException.class, () -> snapshotter.create(made.spec(), "one"));
  }

  /** The library gives zeros and no error for a snapshot that was removed. */
  @Test
  void aSnapshotRemovedWhileItIsReadIsAnErrorAndNotZeros() {
    AdminImage made = fixture.create(ImageOptions.of(8 * MIB, MIB));
    byte[] data = new byte[8 * MIB];
    Arrays.fill(data, (byte) 7);
    made.write(0, ByteBuffer.wrap(data));
    made.createSnapshot("base");
    made.createSnapshot("point");
    made.discard(0, 8 * MIB);
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Image image = cluster.open(made.spec());
        SnapshotReader reader = image.at(image.snapshot("point"))) {
      Snapshot base = image.snapshot("base");
      ByteBuffer buffer = ByteBuffer.allocateDirect(8 * MIB);
      reader.read(0, buffer).join();
      assertEquals(7, buffer.get(5 * MIB));
      assertEquals(0, reader.diff(base, 0, 8 * MIB).size());
      made.removeSnapshot("point");
      CompletionException gone =
          assertThrows(CompletionException.class, () -> reader.read(0, buffer).join());
      assertInstanceOf(NotFoundException.class, gone.getCause());
      assertTrue(gone.getCause().getMessage().contains("point"), gone.getCause()::getMessage);
      assertThrows(NotFoundException.class, () -> reader.diff(base, 0, 8 * MIB));
    }
    ImageSpec spec = made.spec();
    try (Image image = cluster.open(spec);
        SnapshotReader reader = image.at(image.snapshot("base"))) {
      // Other changes of a snapshot's record are no reason to fail.
      made.protectSnapshot("base");
      ByteBuffer buffer = ByteBuffer.allocateDirect(MIB);
      reader.read(0, buffer).join();
      made.unprotectSnapshot("base");
      reader.read(0, buffer).join();
      made.removeSnapshot("base");
      made.delete();
      CompletionException gone =
          assertThrows(CompletionException.class, () -> reader.read(0, buffer).join());
      assertInstanceOf(NotFoundException.class, gone.getCause());
      assertThrows(NotFoundException.class, image::snapshots);
    }
  }

  @Test
  void useAfterCloseIsAProgrammingError() {
    AdminImage made = fixture.create(ImageOptions.of(MIB, MIB));
    made.createSnapshot("one");
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    Image image = cluster.open(made.spec());
    Snapshot one = image.snapshot("one");
    SnapshotReader reader = image.at(one);
    image.close();
    image.close();
    IllegalStateException closed = assertThrows(IllegalStateException.class, () -> image.at(one));
    assertTrue(closed.getMessage().contains(made.spec().toString()), closed.getMessage());
    assertThrows(IllegalStateException.class, image::snapshots);
    assertThrows(IllegalStateException.class, () -> reader.diff(null, 0, MIB));
    assertThrows(IllegalStateException.class, () -> reader.read(0, ByteBuffer.allocateDirect(1)));
    assertEquals(MIB, reader.size());
    cluster.close();
    assertThrows(IllegalStateException.class, cluster::pools);
    assertThrows(IllegalStateException.class, () -> cluster.open(made.spec()));
  }

  private String monitor() throws IOException {
    Matcher address = ADDRESS.matcher(Files.readString(lab.conf()));
    assertTrue(address.find(), "no v1 address in " + lab.conf());
    return address.group();
  }
}
