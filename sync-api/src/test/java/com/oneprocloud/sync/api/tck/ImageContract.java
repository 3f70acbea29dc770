// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static com.oneprocloud.sync.api.storage.ObjectState.EXISTS;
import static com.oneprocloud.sync.api.storage.ObjectState.EXISTS_CLEAN;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every {@link Image} keeps to. */
public abstract class ImageContract extends StorageContract {
  private static final ImageOptions OPTIONS = ImageOptions.of(4 * MIB, MIB);

  /** For subclasses. */
  protected ImageContract() {}

  @ParameterizedTest
  @EnumSource
  void saysHowItIsCut(Shape shape) {
    try (Modelled made = make(shape, new SplittableRandom(1));
        Image image = open(made.image)) {
      assertEquals(shape.options().objectSize(), image.layout().objectSize());
      assertEquals(shape.options().stripeCount(), image.layout().stripeCount());
      assertEquals(shape.options().stripeUnit(), image.layout().stripeUnit());
      assertEquals(
          shape.options().dataPool(), image.layout().dataPoolId() != image.identity().poolId());
      assertEquals(shape.options().namespace(), !image.identity().namespace().isEmpty());
      assertEquals(made.image.spec(), image.spec());
      assertEquals(made.model.size(), image.size());
      assertTrue(image.features().contains("layering"), image.features().toString());
      assertEquals(shape.isClone(), image.parent().isPresent());
    }
  }

  @Test
  void listsSnapshotsAnew() {
    try (WritableImage made = fixture().create(OPTIONS);
        Image image = open(made)) {
      assertEquals(List.of(), image.snapshots());
      made.createSnapshot("one");
      made.resize(6 * MIB);
      made.createSnapshot("two");
      List<Snapshot> both = image.snapshots();
      assertEquals(List.of("one", "two"), both.stream().map(Snapshot::name).toList());
      assertEquals(List.of(4L * MIB, 6L * MIB), both.stream().map(Snapshot::size).toList());
      assertTrue(both.get(0).id().compareTo(both.get(1).id()) < 0);
      assertTrue(both.stream().allMatch(snapshot -> snapshot.kind() == Snapshot.Kind.USER));
      assertEquals(both.get(1), image.snapshot("two"));
      made.removeSnapshot("one");
      assertEquals(List.of(both.get(1)), image.snapshots());
      made.removeSnapshot("two");
    }
  }

  @Test
  void estimatesWhatARunWouldMove() {
    try (WritableImage made = fixture().create(OPTIONS);
        Image image = open(made)) {
      made.write(0, ByteBuffer.wrap(new byte[3 * MIB]));
      made.createSnapshot("base");
      Snapshot base = image.snapshot("base");
      made.write(MIB, ByteBuffer.wrap(new byte[] {1}));
      assertBetween(3 * MIB, image.estimate(null), 4 * MIB);
      assertBetween(1, image.estimate(base), MIB);
      made.removeSnapshot("base");
      assertEquals(OptionalLong.empty(), image.estimate(base));
    }
  }

  private static void assertBetween(long least, OptionalLong estimate, long most) {
    // a cluster may be unable to tell
    if (estimate.isPresent()) {
      assertTrue(
          estimate.getAsLong() >= least && estimate.getAsLong() <= most, estimate.toString());
    }
  }

  @Test
  void saysWhetherASnapshotIsProtected() {
    try (WritableImage made = fixture().create(OPTIONS);
        Image image = open(made)) {
      made.createSnapshot("one");
      assertFalse(image.snapshot("one").isProtected());
      made.protectSnapshot("one");
      assertTrue(image.snapshot("one").isProtected());
      made.unprotectSnapshot("one");
      assertFalse(image.snapshot("one").isProtected());
    }
  }

  @Test
  void knowsSnapshotsByIdAndNotByName() {
    try (WritableImage made = fixture().create(OPTIONS);
        Image image = open(made)) {
      made.write(0, ByteBuffer.wrap(new byte[] {1}));
      made.createSnapshot("point");
      Snapshot first = image.snapshot("point");
      made.removeSnapshot("point");
      assertThrows(NotFoundException.class, () -> image.snapshot("point"));
      assertThrows(NotFoundException.class, () -> image.at(first).close());
      made.write(0, ByteBuffer.wrap(new byte[] {2}));
      made.createSnapshot("point");
      Snapshot second = image.snapshot("point");
      assertNotEquals(first.id(), second.id());
      assertTrue(first.id().compareTo(second.id()) < 0);
      assertThrows(NotFoundException.class, () -> image.at(first).close());
      assertThrows(NotFoundException.class, () -> image.diff(first, second));
      try (SnapshotReader reader = image.at(second)) {
        assertEquals(second, reader.snapshot());
        ByteBuffer buffer = ByteBuffer.allocateDirect(1);
        reader.read(0, buffer).join();
        assertEquals(2, buffer.get(0));
      }
    }
  }

  @Test
  void readsTheObjectMapsOfSnapshots() {
    needs(Feature.OBJECT_MAP);
    try (WritableImage made = fixture().create(ImageOptions.of(8 * MIB + 512, MIB));
        Image image = open(made)) {
      made.write(0, ByteBuffer.wrap(new byte[] {1}));
      made.write(3 * MIB, ByteBuffer.wrap(new byte[] {1}));
      made.createSnapshot("a");
      made.discard(0, MIB);
      made.write(3 * MIB, ByteBuffer.wrap(new byte[] {2}));
      made.createSnapshot("between");
      made.write(8 * MIB, ByteBuffer.wrap(new byte[] {3}));
      made.createSnapshot("b");
      made.resize(6 * MIB);
      made.createSnapshot("small");
      assertEquals(map(9, Map.of(0, EXISTS, 3, EXISTS)), states(image, "a"));
      assertEquals(map(9, Map.of(3, EXISTS)), states(image, "between"));
      assertEquals(map(9, Map.of(3, EXISTS_CLEAN, 8, EXISTS)), states(image, "b"));
      assertEquals(map(6, Map.of(3, EXISTS_CLEAN)), states(image, "small"));
      Snapshot between = image.snapshot("between");
      made.removeSnapshot("between");
      assertThrows(NotFoundException.class, () -> image.objectMap(between));
      assertEquals(
          map(9, Map.of(3, EXISTS, 8, EXISTS)),
          states(image, "b"),
          "what was written before a snapshot that is gone counts for the one after it");
    }
  }

  private static List<ObjectState> map(int objects, Map<Integer, ObjectState> known) {
    return IntStream.range(0, objects)
        .mapToObj(object -> known.getOrDefault(object, ObjectState.NONEXISTENT))
        .toList();
  }

  private static List<ObjectState> states(Image image, String snapshot) {
    ObjectMap map = image.objectMap(image.snapshot(snapshot));
    assertTrue(map.valid());
    return LongStream.range(0, map.objects()).mapToObj(map::state).toList();
  }

  /** Larger than a block of checksums, and than a word. */
  @Test
  void readsLargeObjectMaps() {
    needs(Feature.OBJECT_MAP);
    long objects = 3 * 16384 + 5;
    try (WritableImage made = fixture().create(ImageOptions.of(objects * (64 << 10), 64 << 10));
        Image image = open(made)) {
      long[] written = {0, 31, 32, 16383, 16384, 40000, objects - 1};
      for (long object : written) {
        made.write(object * (64 << 10), ByteBuffer.wrap(new byte[] {1}));
      }
      made.createSnapshot("a");
      ObjectMap map = image.objectMap(image.snapshot("a"));
      assertEquals(objects, map.objects());
      assertArrayEquals(
          written, LongStream.range(0, objects).filter(it -> map.state(it) == EXISTS).toArray());
    }
  }

  @Test
  void knowsItsParent() {
    needs(Feature.CLONE);
    try (WritableImage parent = fixture().create(OPTIONS)) {
      parent.write(0, ByteBuffer.wrap(new byte[3 * MIB]));
      parent.write(MIB / 2, ByteBuffer.wrap(new byte[] {1}));
      parent.createSnapshot("base");
      try (WritableImage child = fixture().clone(parent, "base", OPTIONS)) {
        Snapshot base;
        ParentLink link;
        try (Image below = open(parent);
            Image image = open(child)) {
          base = below.snapshot("base");
          link = image.parent().orElseThrow();
          assertEquals(new ParentLink(below.identity(), base.id(), 4 * MIB), link);
          child.createSnapshot("whole");
          try (SnapshotReader reader = image.at(image.snapshot("whole"))) {
            assertEquals(Optional.of(link), reader.parent());
          }
        }
        child.resize(2 * MIB);
        child.resize(4 * MIB);
        try (Image image = open(child)) {
          assertEquals(
              new ParentLink(link.image(), link.snapshot(), 2 * MIB), image.parent().orElseThrow());
        }
        child.flatten();
        try (Image image = open(child)) {
          assertEquals(Optional.empty(), image.parent());
        }
      }
    }
  }

  @Test
  void closesWhatWasOpenedFromIt() {
    try (WritableImage made = fixture().create(OPTIONS)) {
      made.createSnapshot("one");
      Image image = open(made);
      Snapshot one = image.snapshot("one");
      SnapshotReader reader = image.at(one);
      image.close();
      image.close();
      assertThrows(IllegalStateException.class, image::snapshots);
      assertThrows(IllegalStateException.class, () -> image.snapshot("one"));
      assertThrows(IllegalStateException.class, () -> image.at(one));
      assertThrows(
          IllegalStateException.class, () -> reader.read(0, ByteBuffer.allocateDirect(512)));
      reader.close();
    }
  }
}
