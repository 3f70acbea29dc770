// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.ceph.fixture.CephFixture.AdminImage;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What object maps are relied on for, beyond the contract of images. */
class CephObjectMapIT {
  private static final int MIB = 1 << 20;

  /** A server holds the lock, and the user that reads may not write. */
  @Test
  void readsALargeMapWhileAServerHoldsTheLock() {
    try (CephFixture fixture = new CephFixture(CephLab.start());
        AdminImage disk = fixture.create(ImageOptions.of(4L << 40, 4 * MIB));
        StorageCluster cluster = fixture.connect();
        Image image = cluster.open(disk.spec())) {
      disk.write((4L << 40) - 1, ByteBuffer.wrap(new byte[] {1}));
      disk.createSnapshot("a");
      disk.write(0, ByteBuffer.wrap(new byte[] {1}));
      disk.createSnapshot("b");
      ObjectMap map = image.objectMap(image.snapshot("b"));
      assertEquals(1 << 20, map.objects());
      assertTrue(map.valid());
      assertEquals(ObjectState.EXISTS, map.state(0));
      assertEquals(ObjectState.NONEXISTENT, map.state(1));
      assertEquals(ObjectState.EXISTS_CLEAN, map.state((1 << 20) - 1));
      assertEquals(CacheTier.NONE, image.cacheTier());
    }
  }

  /** A snapshot whose map would be left out would hide what was written before it. */
  @Test
  void aSnapshotThatACloneKeepsInTheTrashIsListedAndHasItsMap() {
    try (CephFixture fixture = new CephFixture(CephLab.start());
        AdminImage disk = fixture.create(ImageOptions.of(4 * MIB, MIB));
        StorageCluster cluster = fixture.connect();
        Image image = cluster.open(disk.spec())) {
      disk.createSnapshot("a");
      disk.write(MIB, ByteBuffer.wrap(new byte[] {1}));
      disk.createSnapshot("parent");
      ImageOptions elsewhere = ImageOptions.of(4 * MIB, MIB).inNamespace();
      try (AdminImage clone = fixture.clone(disk, "parent", elsewhere)) {
        disk.unprotectSnapshot("parent");
        disk.removeSnapshot("parent");
        disk.createSnapshot("b");
        List<Snapshot> all = image.snapshots();
        assertEquals(3, all.size(), all::toString);
        assertEquals(Snapshot.Kind.TRASH, all.get(1).kind());
        assertEquals(ObjectState.EXISTS, image.objectMap(all.get(1)).state(1));
        assertEquals(ObjectState.EXISTS_CLEAN, image.objectMap(all.get(2)).state(1));
        try (SnapshotReader reader = image.at(all.get(2))) {
          assertEquals(List.of(1L), reader.writtenSince(all.get(0), List.of(0L, 1L, 2L)));
        }
        assertEquals("b", all.get(2).name());
        clone.delete();
      }
    }
  }
}
