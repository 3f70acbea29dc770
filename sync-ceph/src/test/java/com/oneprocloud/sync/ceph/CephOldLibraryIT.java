// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is done where the library lacks the newer functions, tried by hiding them. */
final class CephOldLibraryIT {
  private static final int MIB = 1 << 20;

  @RegisterExtension final Leaks leaks = new Leaks();

  private CephFixture fixture;
  private AdminImage parent;
  private AdminImage made;

  @BeforeEach
  void open() {
    fixture = new CephFixture(CephLab.start());
    parent = fixture.create(ImageOptions.of(8 * MIB, MIB));
    parent.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    parent.createSnapshot("base");
    made = fixture.clone(parent, "base", ImageOptions.of(8 * MIB, MIB));
    made.createSnapshot("a");
    made.write(4096, ByteBuffer.wrap(new byte[] {4}));
    made.createSnapshot("b");
  }

  @AfterEach
  void close() {
    fixture.close();
  }

  @Test
  void aJewelLibrarySeesTheSame() {
    CephCluster now = leaks.connect(fixture.readerConfig());
    CephCluster old = leaks.connect(fixture.readerConfig(), Capability.values());
    assertTrue(old.capabilities().available().isEmpty());
    try (Image image = now.open(made.spec());
        Image same = old.open(made.spec())) {
      assertEquals(image.identity(), same.identity());
      assertEquals(image.layout(), same.layout());
      assertEquals(image.features(), same.features());
      ParentLink link = same.parent().orElseThrow();
      assertEquals(image.parent().orElseThrow(), link);
      assertEquals(now.find(parent.spec()).orElseThrow(), link.image());
      for (Snapshot snapshot : same.snapshots()) {
        Snapshot known = image.snapshot(snapshot.name());
        assertEquals(Optional.empty(), snapshot.created());
        assertEquals(
            known,
            new Snapshot(
                snapshot.id(),
                snapshot.name(),
                snapshot.size(),
                snapshot.kind(),
                known.created(),
                snapshot.isProtected()));
      }
      Snapshot a = same.snapshot("a");
      Snapshot b = same.snapshot("b");
      Extents diff = same.diff(a, b);
      assertEquals(image.diff(a, b), diff);
      assertTrue(diff.within(4096, 1).size() == 1, diff::toString);
      try (SnapshotReader reader = same.at(b)) {
        assertEquals(Optional.of(link), reader.parent());
        ByteBuffer buffer = ByteBuffer.allocateDirect(3);
        reader.read(0, buffer).join();
        assertEquals(ByteBuffer.wrap(new byte[] {1, 2, 3}), buffer);
      }
    }
  }

  @Test
  void aLibraryWithoutParentIdsAsksByName() {
    CephCluster now = leaks.connect(fixture.readerConfig());
    CephCluster old = leaks.connect(fixture.readerConfig(), Capability.PARENT_BY_ID);
    try (Image image = now.open(made.spec());
        Image same = old.open(made.spec())) {
      assertEquals(image.parent(), same.parent());
    }
  }

  /** Without opening by id, a name that another image took is noticed. */
  @Test
  void aNameThatWasTakenOverIsNoticed() {
    CephCluster old = leaks.connect(fixture.readerConfig(), Capability.OPEN_BY_ID);
    AdminImage first = fixture.create(ImageOptions.of(MIB, MIB));
    first.createSnapshot("one");
    try (Image image = old.open(first.spec())) {
      assertEquals(1, image.snapshots().size());
      first.rename();
      assertThrows(NotFoundException.class, image::snapshots);
    }
  }

  @Test
  void snapshotsAreMadeAndRemovedByName() {
    CephSnapshotter old = leaks.snapshotter(fixture.snapshotterConfig(), Capability.values());
    Snapshot made1 = old.create(made.spec(), "one");
    old.remove(made.spec(), made1);
    old.remove(made.spec(), made1);
    made.createSnapshot("one");
    old.remove(made.spec(), made1);
    CephCluster cluster = leaks.connect(fixture.readerConfig());
    try (Image image = cluster.open(made.spec())) {
      assertEquals(
          List.of("a", "b", "one"), image.snapshots().stream().map(Snapshot::name).toList());
    }
  }
}
