// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What every {@link Snapshotter} keeps to. */
public abstract class SnapshotterContract extends StorageContract {
  private static final ImageOptions OPTIONS = ImageOptions.of(4 * MIB, MIB);

  /** For subclasses. */
  protected SnapshotterContract() {}

  @Test
  void takesSnapshotsThatReadersSee() {
    try (WritableImage made = fixture().create(OPTIONS);
        Snapshotter snapshotter = fixture().snapshotter();
        Image image = open(made)) {
      made.write(MIB, ByteBuffer.wrap(new byte[] {1}));
      Snapshot one = snapshotter.create(made.spec(), "one");
      made.write(MIB, ByteBuffer.wrap(new byte[] {2}));
      made.resize(5 * MIB);
      Snapshot two = snapshotter.create(made.spec(), "two");
      assertEquals("one", one.name());
      assertEquals(Snapshot.Kind.USER, one.kind());
      assertEquals(List.of(one, two), image.snapshots());
      assertEquals(4 * MIB, one.size());
      assertEquals(5 * MIB, two.size());
      try (SnapshotReader reader = image.at(one)) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1);
        reader.read(MIB, buffer).join();
        assertEquals(1, buffer.get(0));
      }
      snapshotter.remove(made.spec(), one);
      assertEquals(List.of(two), image.snapshots());
    }
  }

  @Test
  void refusesANameThatIsTaken() {
    try (WritableImage made = fixture().create(OPTIONS);
        Snapshotter snapshotter = fixture().snapshotter()) {
      made.createSnapshot("taken");
      ConflictException refused =
          assertThrows(ConflictException.class, () -> snapshotter.create(made.spec(), "taken"));
      assertTrue(refused.getMessage().contains("taken"), refused.getMessage());
      try (Image image = open(made)) {
        assertEquals(1, image.snapshots().size());
      }
    }
  }

  @Test
  void removesByIdAndNotByName() {
    try (WritableImage made = fixture().create(OPTIONS);
        Snapshotter snapshotter = fixture().snapshotter();
        Image image = open(made)) {
      Snapshot first = snapshotter.create(made.spec(), "point");
      snapshotter.remove(made.spec(), first);
      snapshotter.remove(made.spec(), first);
      made.createSnapshot("point");
      Snapshot foreign = image.snapshot("point");
      snapshotter.remove(made.spec(), first);
      assertEquals(List.of(foreign), image.snapshots());
    }
  }

  @Test
  void doesNotRemoveWhatIsProtected() {
    try (WritableImage made = fixture().create(OPTIONS);
        Snapshotter snapshotter = fixture().snapshotter();
        Image image = open(made)) {
      Snapshot one = snapshotter.create(made.spec(), "one");
      made.protectSnapshot("one");
      assertThrows(ConflictException.class, () -> snapshotter.remove(made.spec(), one));
      assertEquals(one.id(), image.snapshot("one").id());
      made.unprotectSnapshot("one");
      snapshotter.remove(made.spec(), one);
      assertEquals(List.of(), image.snapshots());
    }
  }

  @Test
  void namesTheImageItDoesNotFind() {
    ImageSpec missing = fixture().missingImage();
    try (WritableImage made = fixture().create(OPTIONS);
        Snapshotter snapshotter = fixture().snapshotter()) {
      Snapshot one = snapshotter.create(made.spec(), "one");
      NotFoundException create =
          assertThrows(NotFoundException.class, () -> snapshotter.create(missing, "one"));
      assertTrue(create.getMessage().contains(missing.toString()), create.getMessage());
      assertThrows(NotFoundException.class, () -> snapshotter.remove(missing, one));
      assertThrows(
          NotFoundException.class,
          () -> snapshotter.create(ImageSpec.of("no-such-pool", "image"), "one"));
    }
  }

  @Test
  void worksInNamespacesAndDataPools() {
    needs(Feature.NAMESPACE, Feature.DATA_POOL);
    try (WritableImage made = fixture().create(OPTIONS.inNamespace().inDataPool());
        Snapshotter snapshotter = fixture().snapshotter();
        Image image = open(made)) {
      made.write(0, ByteBuffer.wrap(new byte[] {1}));
      Snapshot one = snapshotter.create(made.spec(), "one");
      made.write(0, ByteBuffer.wrap(new byte[] {2}));
      try (SnapshotReader reader = image.at(one)) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(1);
        reader.read(0, buffer).join();
        assertEquals(1, buffer.get(0));
      }
      snapshotter.remove(made.spec(), one);
      assertEquals(List.of(), image.snapshots());
    }
  }

  /**
   * A server writes one place after the other, each write after the one before has ended: a
   * snapshot holds the first so many of them, whenever it is taken, and at least those that had
   * ended then.
   */
  @Test
  void takesOneMomentOfAServerThatWrites() throws Exception {
    int writes = 400;
    AtomicInteger ended = new AtomicInteger();
    ExecutorService server = Executors.newSingleThreadExecutor();
    try (WritableImage made = fixture().create(ImageOptions.of(16 * MIB, MIB));
        Snapshotter snapshotter = fixture().snapshotter();
        Image image = open(made)) {
      ImageSpec spec = made.spec();
      Future<?> work =
          server.submit(
              () -> {
                for (int i = 0; i < writes; i++) {
                  made.write(place(i), ByteBuffer.wrap(new byte[] {1}));
                  ended.set(i + 1);
                }
              });
      for (int taken = 0; taken < 3; taken++) {
        int before = ended.get();
        Snapshot snapshot = snapshotter.create(spec, "moment-" + taken);
        int after = ended.get() + 1;
        int held = writesHeld(image, snapshot, writes);
        assertTrue(held >= before, () -> "of " + before + " writes that had ended: " + held);
        assertTrue(held <= after, () -> "of " + after + " writes that had begun: " + held);
      }
      work.get();
      Snapshot last = snapshotter.create(spec, "last");
      assertEquals(writes, writesHeld(image, last, writes));
    } finally {
      server.shutdown();
    }
  }

  /** A place of its own for each write; neighbours in time lie in different objects. */
  private static long place(int write) {
    return write % 16 * (long) MIB + write / 16 * 4096L;
  }

  /** How many writes a snapshot holds, which must be the first ones. */
  private static int writesHeld(Image image, Snapshot snapshot, int writes) {
    int held = 0;
    try (SnapshotReader reader = image.at(snapshot)) {
      ByteBuffer all = ByteBuffer.allocateDirect((int) reader.size());
      reader.read(0, all).join();
      while (held < writes && all.get((int) place(held)) == 1) {
        held++;
      }
      for (int i = held; i < writes; i++) {
        assertEquals(0, all.get((int) place(i)), "write " + i + " is there, " + held + " is not");
      }
    }
    return held;
  }

  @Test
  void worksOnSeveralImagesAtATime() throws Exception {
    List<WritableImage> images = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Snapshotter snapshotter = fixture().snapshotter()) {
      List<Future<Snapshot>> taken = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        WritableImage image = fixture().create(OPTIONS);
        images.add(image);
        ImageSpec spec = image.spec();
        taken.add(threads.submit(() -> snapshotter.create(spec, "one")));
      }
      for (int i = 0; i < images.size(); i++) {
        try (Image image = open(images.get(i))) {
          assertEquals(List.of(taken.get(i).get()), image.snapshots());
        }
      }
    } finally {
      threads.shutdown();
      images.forEach(WritableImage::close);
    }
  }

  @Test
  void refusesWorkOnceClosed() {
    try (WritableImage made = fixture().create(OPTIONS)) {
      Snapshotter snapshotter = fixture().snapshotter();
      Snapshot one = snapshotter.create(made.spec(), "one");
      snapshotter.close();
      snapshotter.close();
      assertThrows(IllegalStateException.class, () -> snapshotter.create(made.spec(), "two"));
      assertThrows(IllegalStateException.class, () -> snapshotter.remove(made.spec(), one));
    }
  }
}
