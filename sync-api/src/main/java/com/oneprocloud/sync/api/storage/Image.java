// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An image opened read-only. Holds no lock and no watch: a server that uses the image does not
 * notice.
 *
 * <p>Thread-safe. Use after {@link #close} throws {@link IllegalStateException}; closing twice does
 * nothing. Closing an image closes the readers opened from it.
 */
public interface Image extends AutoCloseable {
  /** The spec it was opened by. */
  ImageSpec spec();

  /** Which image it is. */
  ImageIdentity identity();

  /** Bytes of the head of the image, as it was when it was opened or later. */
  long size();

  /** How it is cut into objects. */
  Layout layout();

  /**
   * The features switched on, by the names that the rbd command uses ({@code "layering"}, {@code
   * "object-map"}).
   */
  Set<String> features();

  /**
   * The parent that the head of the image reads through to, if it is a clone that has not been
   * flattened.
   */
  Optional<ParentLink> parent();

  /**
   * The snapshots that exist now, asked anew at each call.
   *
   * @return all snapshots of every kind, by ascending id
   */
  List<Snapshot> snapshots();

  /**
   * The snapshots that existed when the image was opened, or later: for who has just opened it, and
   * need not ask again where the storage told them with the image.
   *
   * @return all snapshots of every kind, by ascending id
   */
  default List<Snapshot> snapshotsWhenOpened() {
    return snapshots();
  }

  /**
   * About how many bytes a run would move now: what changed between a base and the head, while
   * servers go on writing.
   *
   * @param base the older snapshot, or null for everything that the head holds
   * @return empty if it cannot be told without a snapshot
   */
  default OptionalLong estimate(@Nullable Snapshot base) {
    return OptionalLong.empty();
  }

  /**
   * The snapshot of kind USER with a name, asked anew at each call.
   *
   * @throws NotFoundException if there is none
   */
  Snapshot snapshot(String name);

  /**
   * Opens the image as it was at a snapshot.
   *
   * @param snapshot one of {@link #snapshots}; found by its id, not by its name
   * @return a reader, to be closed by the caller
   * @throws NotFoundException if the snapshot does not exist any more
   */
  SnapshotReader at(Snapshot snapshot);

  /**
   * What changed between two snapshots, exactly: see {@link SnapshotReader#diff}.
   *
   * @param base the older snapshot, or null for everything that the newer one holds
   * @param snapshot the newer snapshot
   */
  default Extents diff(@Nullable Snapshot base, Snapshot snapshot) {
    try (SnapshotReader reader = at(snapshot)) {
      return reader.diff(base, 0, reader.size());
    }
  }

  /**
   * The object map of a snapshot, read anew at each call. A map is what the clients that write to
   * the image say of it, and only as good as they are.
   *
   * @param snapshot one of {@link #snapshots}; found by its id, not by its name
   * @return the map, which tells of exactly the objects that the snapshot's size takes
   * @throws NotFoundException if there is no map of this snapshot
   * @throws StorageException if the map is damaged, or is not of the snapshot's size
   * @throws UnsupportedException if images of this kind have no object maps
   */
  default ObjectMap objectMap(Snapshot snapshot) {
    throw new UnsupportedException(
        SyncException.failed("read object map", spec() + "@" + snapshot.name())
            .because("this storage has no object maps"));
  }

  /** Whether a cache tier is in the way to the image's objects, asked anew at each call. */
  default CacheTier cacheTier() {
    return CacheTier.UNKNOWN;
  }

  @Override
  void close();
}
