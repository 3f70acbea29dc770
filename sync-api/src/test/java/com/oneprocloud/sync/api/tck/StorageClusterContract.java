// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What every {@link StorageCluster} keeps to. */
public abstract class StorageClusterContract extends StorageContract {
  private static final ImageOptions OPTIONS = ImageOptions.of(4 * MIB, MIB);

  /** For subclasses. */
  protected StorageClusterContract() {}

  @Test
  void saysWhatItIs() {
    assertFalse(cluster().fsid().isBlank());
    assertFalse(cluster().description().isBlank());
    try (StorageCluster other = fixture().connect()) {
      assertEquals(cluster().fsid(), other.fsid());
    }
  }

  @Test
  void listsPoolsAndImagesSorted() {
    try (WritableImage one = fixture().create(OPTIONS);
        WritableImage two = fixture().create(OPTIONS)) {
      List<String> pools = cluster().pools();
      assertEquals(pools.stream().sorted().toList(), pools);
      assertTrue(pools.contains(one.spec().pool()));
      List<String> images = cluster().images(one.spec().pool(), "");
      assertEquals(images.stream().sorted().toList(), images);
      assertTrue(images.containsAll(List.of(one.spec().name(), two.spec().name())));
    }
  }

  @Test
  void listsTheImagesOfANamespaceApart() {
    needs(Feature.NAMESPACE);
    try (WritableImage inside = fixture().create(OPTIONS.inNamespace())) {
      ImageSpec spec = inside.spec();
      assertFalse(spec.namespace().isEmpty());
      assertTrue(cluster().images(spec.pool(), spec.namespace()).contains(spec.name()));
      assertFalse(cluster().images(spec.pool(), "").contains(spec.name()));
      assertEquals(Optional.empty(), cluster().find(ImageSpec.of(spec.pool(), spec.name())));
      assertEquals(spec.namespace(), cluster().find(spec).orElseThrow().namespace());
    }
  }

  @Test
  void findsNothingWhereNothingIs() {
    ImageSpec missing = fixture().missingImage();
    assertEquals(Optional.empty(), cluster().find(missing));
    assertEquals(Optional.empty(), cluster().find(ImageSpec.of("no-such-pool", "image")));
    assertEquals(
        Optional.empty(),
        cluster().find(ImageSpec.of(missing.pool(), "no-such-namespace", "image")));
  }

  @Test
  void namesWhatItDoesNotFind() {
    ImageSpec missing = fixture().missingImage();
    NotFoundException noImage =
        assertThrows(NotFoundException.class, () -> cluster().open(missing));
    assertTrue(noImage.getMessage().contains(missing.toString()), noImage.getMessage());
    ImageSpec elsewhere = ImageSpec.of("no-such-pool", "image");
    NotFoundException noPool =
        assertThrows(NotFoundException.class, () -> cluster().open(elsewhere));
    assertTrue(noPool.getMessage().contains("no-such-pool"), noPool.getMessage());
    assertThrows(NotFoundException.class, () -> cluster().images("no-such-pool", ""));
    assertThrows(
        NotFoundException.class,
        () -> cluster().open(ImageSpec.of(missing.pool(), "no-such-namespace", "image")));
  }

  @Test
  void tellsImagesApartWhateverTheirNames() {
    try (WritableImage one = fixture().create(OPTIONS);
        WritableImage two = fixture().create(OPTIONS)) {
      ImageIdentity identity = cluster().find(one.spec()).orElseThrow();
      assertEquals(cluster().fsid(), identity.cluster());
      assertNotEquals(identity, cluster().find(two.spec()).orElseThrow());
      try (Image image = open(one)) {
        assertEquals(identity, image.identity());
        ImageSpec before = one.spec();
        one.rename();
        assertEquals(Optional.empty(), cluster().find(before));
        assertEquals(identity, cluster().find(one.spec()).orElseThrow());
        assertEquals(before, image.spec());
      }
      ImageSpec gone = two.spec();
      two.delete();
      assertEquals(Optional.empty(), cluster().find(gone));
      assertThrows(NotFoundException.class, () -> cluster().open(gone));
    }
  }

  @Test
  void closesWhatWasOpenedFromIt() {
    try (WritableImage made = fixture().create(OPTIONS)) {
      made.createSnapshot("one");
      StorageCluster connection = fixture().connect();
      Image image = connection.open(made.spec());
      SnapshotReader reader = image.at(image.snapshot("one"));
      connection.close();
      connection.close();
      assertThrows(IllegalStateException.class, () -> connection.open(made.spec()));
      assertThrows(IllegalStateException.class, () -> connection.find(made.spec()));
      assertThrows(IllegalStateException.class, connection::pools);
      assertThrows(IllegalStateException.class, () -> connection.images(made.spec().pool(), ""));
      assertThrows(IllegalStateException.class, image::snapshots);
      assertThrows(
          IllegalStateException.class, () -> reader.read(0, ByteBuffer.allocateDirect(512)));
      assertThrows(IllegalStateException.class, () -> reader.diff(null, 0, MIB));
      reader.close();
      image.close();
      // The other connection of this test goes on.
      try (Image other = open(made)) {
        assertEquals(1, other.snapshots().size());
      }
    }
  }
}
