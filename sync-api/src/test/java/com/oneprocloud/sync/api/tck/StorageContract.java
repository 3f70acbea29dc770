// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.tck.StorageFixture.Feature;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the contract tests share: a fixture and a connection for each test, and the leak check. */
public abstract class StorageContract {
  /** Bytes of a mebibyte. */
  protected static final int MIB = 1 << 20;

  /** The number of handles that were open when the test had closed everything it opened. */
  private long handlesLeft;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("open handles", () -> handlesLeft);

  private @Nullable StorageFixture fixture;
  private @Nullable StorageCluster cluster;

  /** For subclasses. */
  protected StorageContract() {}

  /** Opens a fixture; called before every test. */
  protected abstract StorageFixture openFixture();

  @BeforeEach
  final void open() {
    fixture = openFixture();
    cluster = fixture.connect();
  }

  @AfterEach
  final void close() {
    try {
      if (cluster != null) {
        cluster.close();
      }
    } finally {
      StorageFixture opened = fixture;
      if (opened != null) {
        handlesLeft = opened.openHandles();
        opened.close();
      }
    }
  }

  /** The fixture of the running test. */
  protected final StorageFixture fixture() {
    return present(fixture);
  }

  /** The connection of the running test. */
  protected final StorageCluster cluster() {
    return present(cluster);
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("no test is running");
    }
    return value;
  }

  /** Skips the rest of the test where the cluster cannot do something. */
  protected final void needs(Feature... features) {
    for (Feature feature : features) {
      assumeTrue(fixture().features().contains(feature), () -> "the cluster has no " + feature);
    }
  }

  /** Shapes of images that one test body is run over. */
  protected enum Shape {
    /** Objects of 4 MiB. */
    PLAIN,
    /** Objects of 64 KiB. */
    SMALL_OBJECTS,
    /** A size in the middle of an object. */
    UNEVEN,
    /** Fancy striping. */
    STRIPED,
    /** Data in a pool of its own. */
    DATA_POOL,
    /** In a namespace. */
    NAMESPACE,
    /** A clone with objects of another size than its parent's. */
    CLONE,
    /** A striped clone. */
    STRIPED_CLONE;

    ImageOptions options() {
      return switch (this) {
        case PLAIN -> ImageOptions.of(24 * MIB, 4 * MIB);
        case SMALL_OBJECTS -> ImageOptions.of(2 * MIB, 64 << 10);
        case UNEVEN -> ImageOptions.of(5 * MIB + 4608, MIB);
        case STRIPED -> ImageOptions.of(24 * MIB, MIB).striped(64 << 10, 3);
        case DATA_POOL -> ImageOptions.of(8 * MIB, MIB).inDataPool();
        case NAMESPACE -> ImageOptions.of(8 * MIB, MIB).inNamespace();
        case CLONE -> ImageOptions.of(12 * MIB, MIB);
        case STRIPED_CLONE -> ImageOptions.of(12 * MIB, MIB).striped(128 << 10, 4);
      };
    }

    boolean isClone() {
      return this == CLONE || this == STRIPED_CLONE;
    }

    Set<Feature> features() {
      Set<Feature> features = options().features();
      if (isClone()) {
        features.add(Feature.CLONE);
      }
      return features;
    }
  }

  /** An image with its model. */
  protected static final class Modelled implements AutoCloseable {
    final WritableImage image;
    final ImageModel model;

    Modelled(WritableImage image, ImageModel model) {
      this.image = image;
      this.model = model;
    }

    /** Writes random bytes. */
    void write(SplittableRandom random, long offset, int length) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      image.write(offset, ByteBuffer.wrap(bytes));
      model.write(offset, bytes);
    }

    void discard(long offset, long length) {
      image.discard(offset, length);
      model.zero(offset, length);
    }

    void resize(long size) {
      image.resize(size);
      model.resize(size);
    }

    @Override
    public void close() {
      image.close();
    }
  }

  /**
   * Makes an image of a shape with data, holes and discarded parts; a clone has a parent with data.
   */
  protected final Modelled make(Shape shape, SplittableRandom random) {
    needs(shape.features().toArray(Feature[]::new));
    ImageOptions options = shape.options();
    ImageModel model = new ImageModel(options.size());
    WritableImage image;
    if (shape.isClone()) {
      WritableImage parent = fixture().create(ImageOptions.of(options.size(), 4 * MIB));
      fill(new Modelled(parent, model), random);
      parent.createSnapshot("base");
      image = fixture().clone(parent, "base", options);
      parent.close();
    } else {
      image = fixture().create(options);
    }
    Modelled made = new Modelled(image, model);
    fill(made, random);
    return made;
  }

  private static void fill(Modelled image, SplittableRandom random) {
    long size = image.model.size();
    for (int i = 0; i < 8; i++) {
      int length = random.nextInt(1, (int) size / 16);
      image.write(random, random.nextLong(size - length), length);
    }
    image.discard(size / 3, size / 10);
  }

  /**
   * Reads all of a snapshot through the implementation under test and compares it with its model.
   */
  protected static void assertReads(ImageModel expected, SnapshotReader reader) {
    assertEquals(expected.size(), reader.size());
    ByteBuffer buffer = ByteBuffer.allocateDirect(2 * MIB);
    for (long at = 0; at < expected.size(); at += buffer.capacity()) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), expected.size() - at));
      reader.read(at, buffer).join();
      assertEquals(-1, expected.mismatch(at, buffer), "first byte that reads wrong");
    }
  }

  /** Takes a snapshot through the capability under test. */
  protected final void snapshot(WritableImage image, String name) {
    try (Snapshotter snapshotter = fixture().snapshotter()) {
      snapshotter.create(image.spec(), name);
    }
  }

  /** Opens an image through the implementation under test. */
  protected final Image open(WritableImage image) {
    return cluster().open(image.spec());
  }
}
