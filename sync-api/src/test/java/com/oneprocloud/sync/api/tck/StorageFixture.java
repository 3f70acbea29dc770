// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import java.nio.ByteBuffer;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A cluster that contract tests may do anything to. What is made through a fixture is gone after it
 * was closed. Used by one thread at a time, except for the connections it hands out.
 */
public interface StorageFixture extends AutoCloseable {
  /**
   * Opens a new connection of the implementation under test, with a deadline of at least 10 s.
   *
   * @return the connection, to be closed by the caller
   */
  StorageCluster connect();

  /**
   * Opens the capability under test.
   *
   * @return the snapshotter, to be closed by the caller
   */
  Snapshotter snapshotter();

  /** What images of this cluster can have. */
  Set<Feature> features();

  /**
   * Makes an image of zeros under a name of the fixture's choice, in a pool of its choice.
   *
   * @return the image, for writing by another way than through the implementation under test; to be
   *     closed by the caller
   */
  WritableImage create(ImageOptions options);

  /**
   * Makes a clone of a snapshot of the parent's size under a name of the fixture's choice. Protects
   * the snapshot first if the cluster asks for that.
   *
   * @param options {@link ImageOptions#size} is ignored
   */
  WritableImage clone(WritableImage parent, String snapshot, ImageOptions options);

  /** A spec in a pool that exists, of an image that does not. */
  ImageSpec missingImage();

  /**
   * The number of handles of the implementation under test that are open, or 0 if it cannot tell.
   */
  default long openHandles() {
    return 0;
  }

  @Override
  void close();

  /** What not every cluster can do. */
  enum Feature {
    /** Fancy striping: a stripe count above 1. */
    STRIPING,
    /** A data pool of its own. */
    DATA_POOL,
    /** RADOS namespaces. */
    NAMESPACE,
    /** Clones with parents. */
    CLONE,
    /** Object maps, kept for every image that is made. */
    OBJECT_MAP
  }

  /**
   * How an image is to be.
   *
   * @param size bytes
   * @param objectSize bytes of an object; a power of two from 64 KiB to 32 MiB
   * @param stripeUnit bytes of a stripe; {@code objectSize} without striping
   * @param stripeCount objects that a stripe row spreads over; 1 without striping
   * @param dataPool whether the data lies in a pool of its own
   * @param namespace whether the image lies in a namespace
   */
  record ImageOptions(
      long size,
      long objectSize,
      long stripeUnit,
      long stripeCount,
      boolean dataPool,
      boolean namespace) {
    /** An image of a size, with objects of a size and nothing else special. */
    public static ImageOptions of(long size, long objectSize) {
      return new ImageOptions(size, objectSize, objectSize, 1, false, false);
    }

    /** What a cluster must be able to do for such an image; a new set. */
    public Set<Feature> features() {
      Set<Feature> features = EnumSet.noneOf(Feature.class);
      if (stripeCount > 1) {
        features.add(Feature.STRIPING);
      }
      if (dataPool) {
        features.add(Feature.DATA_POOL);
      }
      if (namespace) {
        features.add(Feature.NAMESPACE);
      }
      return features;
    }

    /** The same with fancy striping. */
    public ImageOptions striped(long unit, long count) {
      return new ImageOptions(size, objectSize, unit, count, dataPool, namespace);
    }

    /** The same with its data in a pool of its own. */
    public ImageOptions inDataPool() {
      return new ImageOptions(size, objectSize, stripeUnit, stripeCount, true, namespace);
    }

    /** The same in a namespace. */
    public ImageOptions inNamespace() {
      return new ImageOptions(size, objectSize, stripeUnit, stripeCount, dataPool, true);
    }
  }

  /**
   * An image as its owner sees it: what a server writes and an operator does. Goes through another
   * way than the implementation under test. Every operation is done when its method returns.
   * Offsets and lengths are bytes.
   */
  interface WritableImage extends AutoCloseable {
    /** Where it is found. */
    ImageSpec spec();

    /** Its size now. */
    long size();

    /** Writes the remaining bytes of a heap or direct buffer, which lie within the image. */
    void write(long offset, ByteBuffer bytes);

    /**
     * Discards a range. All of it reads as zeros afterwards: a fixture on a cluster that leaves
     * parts of a discard undone switches that off ({@code rbd_discard_granularity_bytes = 0}).
     */
    void discard(long offset, long length);

    /** Writes zeros without sending them, where the cluster can; else as data. */
    void writeZeroes(long offset, long length);

    /** Grows or shrinks. */
    void resize(long size);

    /** Takes a snapshot, as somebody else than the implementation under test. */
    void createSnapshot(String name);

    /** Removes a snapshot, as somebody else. */
    void removeSnapshot(String name);

    /** Protects a snapshot from removal. */
    void protectSnapshot(String name);

    /** Allows removal of a protected snapshot; does nothing if it is not protected. */
    void unprotectSnapshot(String name);

    /** Puts content and size back to a snapshot. */
    void rollBack(String snapshot);

    /** Copies all data of a clone's parent and cuts the link. */
    void flatten();

    /** Gives it another name. Afterwards {@link #spec} is the new one. */
    void rename();

    /** Deletes it and closes this; it has no snapshots. */
    void delete();

    /**
     * Reads into the remaining bytes of a heap or direct buffer.
     *
     * @param snapshot which snapshot; null for the image as it is now
     */
    void read(@Nullable String snapshot, long offset, ByteBuffer into);

    @Override
    void close();
  }
}
