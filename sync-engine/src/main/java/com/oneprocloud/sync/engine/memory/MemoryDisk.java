// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.storage.Snapshot;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An image of a {@link MemoryCluster}, for writing: what a server does to its disk, and an operator
 * to the image. Not subject to faults or deadlines of a connection, and usable after it was closed.
 *
 * <p>Thread-safe; every method is atomic. Every method throws {@link NotFoundException} once the
 * image was deleted.
 */
public final class MemoryDisk {
  private final Storage storage;
  private final StoredImage image;

  MemoryDisk(Storage storage, StoredImage image) {
    this.storage = storage;
    this.image = image;
  }

  /** Where the image is found now. */
  public ImageSpec spec() {
    return storage.reading(() -> image.spec);
  }

  /** Which image it is. */
  public ImageIdentity identity() {
    return image.identity();
  }

  /** Bytes of the image now. */
  public long size() {
    return storage.reading(() -> image.head().size());
  }

  /**
   * Writes the remaining bytes of a buffer, which is left without any.
   *
   * @throws IllegalArgumentException if they do not fit into the image
   */
  public void write(long offset, ByteBuffer bytes) {
    change(
        "write",
        stored -> {
          checkRange(offset, bytes.remaining());
          stored.write(offset, bytes);
        });
  }

  /** Writes bytes. */
  public void write(long offset, byte[] bytes) {
    write(offset, ByteBuffer.wrap(bytes));
  }

  /** Makes a range read as zeros, and gives up what it used. */
  public void discard(long offset, long length) {
    change(
        "discard",
        stored -> {
          checkRange(offset, length);
          stored.discard(offset, length);
        });
  }

  /** Makes a range read as zeros; librbd does that as a discard, and so does this. */
  public void writeZeroes(long offset, long length) {
    discard(offset, length);
  }

  /** Reads the image as it is now into the remaining bytes of a buffer. */
  public void read(long offset, ByteBuffer into) {
    storage.reading(
        () -> {
          Storage.checkExists("read", image);
          checkRange(offset, into.remaining());
          image.read(image.head(), offset, into.remaining(), into);
          return image;
        });
  }

  /**
   * Reads a snapshot, found by its id, into the remaining bytes of a buffer. Another way to the
   * bytes than the one that readers take: no deadline, no faults.
   */
  public void read(Snapshot snapshot, long offset, ByteBuffer into) {
    storage.reading(
        () -> {
          StoredSnapshot stored = Storage.snapshot("read", image, snapshot.id().value());
          image.read(image.at(stored), offset, into.remaining(), into);
          return stored;
        });
  }

  /** All bytes of a snapshot. For images of less than 2 GiB. */
  public byte[] readFully(Snapshot snapshot) {
    byte[] bytes = new byte[Math.toIntExact(snapshot.size())];
    read(snapshot, 0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** Grows or shrinks the image. What was cut off is gone: grown again, it reads as zeros. */
  public void resize(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("size is negative: " + size);
    }
    change("resize", stored -> stored.resize(size));
  }

  /**
   * Takes a snapshot.
   *
   * @throws ConflictException if there is one of that name
   */
  public Snapshot snapshot(String name) {
    return storage.writing(
        () -> {
          Storage.checkExists("create snapshot", image);
          if (byName(name) != null) {
            throw conflict("create snapshot", name, "EEXIST", "there is a snapshot of that name");
          }
          long id = storage.dataPool(image).nextSnapshot();
          return image.snapshot(id, name, storage.clock.instant()).describe();
        });
  }

  /** All snapshots, by ascending id. */
  public List<Snapshot> snapshots() {
    return storage.reading(
        () -> image.snapshots().values().stream().map(StoredSnapshot::describe).toList());
  }

  /**
   * Removes a snapshot. One that clones still need is kept in the trash until the last of them is
   * flattened or deleted.
   *
   * @throws ConflictException if it is protected
   * @throws NotFoundException if it does not exist
   */
  public void removeSnapshot(String name) {
    change("remove snapshot", stored -> remove(existing("remove snapshot", name)));
  }

  /** Removes a snapshot told by its id; says whether it was there. */
  boolean removeIfThere(Snapshot snapshot) {
    return storage.writing(
        () -> {
          Storage.checkExists("remove snapshot", image);
          StoredSnapshot stored = image.snapshots().get(snapshot.id().value());
          if (stored == null) {
            return false;
          }
          remove(stored);
          return true;
        });
  }

  private void remove(StoredSnapshot snapshot) {
    if (snapshot.isProtected) {
      throw conflict("remove snapshot", snapshot.name, "EBUSY", "the snapshot is protected");
    }
    image.remove(snapshot);
  }

  /** Protects a snapshot from removal, or no longer. */
  public void setProtected(String snapshot, boolean isProtected) {
    change(
        "protect snapshot",
        stored -> {
          StoredSnapshot found = existing("protect snapshot", snapshot);
          if (!isProtected && !found.children.isEmpty()) {
            throw conflict("unprotect snapshot", snapshot, "EBUSY", "the snapshot has clones");
          }
          found.isProtected = isProtected;
        });
  }

  /** Puts the image back to a snapshot, in content and size. */
  public void rollBack(String snapshot) {
    change("roll back", stored -> stored.rollBack(existing("roll back", snapshot)));
  }

  /** Starts to make a clone of a snapshot; its size is the snapshot's. */
  public Builder newClone(String snapshot, ImageSpec clone) {
    return new Builder(storage, clone).parent(this, snapshot);
  }

  /** Copies what is still read from the parent, and lets go of the parent. */
  public void flatten() {
    change("flatten", StoredImage::flatten);
  }

  /** Gives the image another name within its pool and namespace. */
  public void rename(String name) {
    change(
        "rename",
        stored -> {
          ImageSpec renamed = new ImageSpec(stored.spec.pool(), stored.spec.namespace(), name);
          Storage.Pool pool = storage.pool("rename", renamed.pool());
          if (pool.images.putIfAbsent(renamed, stored) != null) {
            throw exists("rename", renamed);
          }
          pool.images.remove(stored.spec);
          stored.spec = renamed;
        });
  }

  /**
   * Deletes the image.
   *
   * @throws ConflictException if it has snapshots
   */
  public void delete() {
    change(
        "delete image",
        stored -> {
          if (!stored.snapshots().isEmpty()) {
            throw new ConflictException(
                SyncException.failed("delete image", stored.spec)
                    .code("ENOTEMPTY")
                    .because("the image has snapshots"));
          }
          stored.leaveParent();
          storage.pool("delete image", stored.spec.pool()).images.remove(stored.spec);
          stored.deleted = true;
        });
  }

  /**
   * What librbd's fast-diff says: whole objects, from object maps alone where it trusts them.
   * Unlike the diff of a reader it can miss changes, see {@link KnownBug}.
   *
   * @param base the older snapshot; null for everything that the newer one holds
   * @param snapshot the newer snapshot
   */
  public Extents fastDiff(@Nullable Snapshot base, Snapshot snapshot) {
    return storage.reading(
        () ->
            new ImageDiff(image, image.at(Storage.snapshot("diff", image, snapshot.id().value())))
                .fast(base == null ? null : Storage.snapshot("diff", image, base.id().value())));
  }

  /**
   * What an object map says of an object.
   *
   * @param snapshot whose map; null for the head's
   * @param object the object's number
   * @throws NotFoundException if the image has no object maps, or this one is lost
   */
  public ObjectState objectState(@Nullable Snapshot snapshot, long object) {
    return storage.reading(() -> map(snapshot).get(object));
  }

  /** Whether the flags of a snapshot's object map say that it can be trusted. */
  public boolean isObjectMapValid(Snapshot snapshot) {
    return storage.reading(() -> !map(snapshot).invalid);
  }

  /** Puts a wrong state into a snapshot's object map, without flagging it as invalid. */
  public void damageObjectMap(Snapshot snapshot, long object, ObjectState state) {
    change("damage object map", stored -> map(snapshot).set(object, state));
  }

  /** Flags a snapshot's object map as invalid. */
  public void invalidateObjectMap(Snapshot snapshot) {
    change("invalidate object map", stored -> map(snapshot).invalid = true);
  }

  /** Loses a snapshot's object map. */
  public void loseObjectMap(Snapshot snapshot) {
    change(
        "lose object map",
        stored ->
            Storage.snapshot("lose object map", stored, snapshot.id().value()).objectMap = null);
  }

  private StoredObjectMap map(@Nullable Snapshot snapshot) {
    StoredObjectMap map =
        snapshot == null
            ? image.objectMap()
            : Storage.snapshot("read object map", image, snapshot.id().value()).objectMap;
    if (map == null) {
      throw new NotFoundException(
          SyncException.failed("read object map", image.spec)
              .code("ENOENT")
              .because("there is no object map"));
    }
    return map;
  }

  private void change(String operation, Consumer<StoredImage> body) {
    storage.writing(
        () -> {
          Storage.checkExists(operation, image);
          body.accept(image);
          return image;
        });
  }

  private void checkRange(long offset, long length) {
    if (offset < 0 || length < 0 || length > image.head().size() - offset) {
      throw new IllegalArgumentException(
          length + " bytes at " + offset + " leave the image of " + image.head().size());
    }
  }

  private @Nullable StoredSnapshot byName(String name) {
    for (StoredSnapshot snapshot : image.snapshots().values()) {
      if (snapshot.kind == Snapshot.Kind.USER && snapshot.name.equals(name)) {
        return snapshot;
      }
    }
    return null;
  }

  private StoredSnapshot existing(String operation, String name) {
    StoredSnapshot snapshot = byName(name);
    if (snapshot == null) {
      throw new NotFoundException(
          SyncException.failed(operation, image.spec + "@" + name)
              .code("ENOENT")
              .because("the image has no snapshot of that name"));
    }
    return snapshot;
  }

  private ConflictException conflict(
      String operation, String snapshot, String code, String because) {
    return new ConflictException(
        SyncException.failed(operation, image.spec + "@" + snapshot).code(code).because(because));
  }

  private static ConflictException exists(String operation, ImageSpec spec) {
    return new ConflictException(
        SyncException.failed(operation, spec)
            .code("EEXIST")
            .because("there is an image of that name"));
  }

  /** How a new image is to be. Not thread-safe. */
  public static final class Builder {
    private final Storage storage;
    private final ImageSpec spec;
    private long size;
    private long objectSize = 4 << 20;
    private long stripeUnit;
    private long stripeCount = 1;
    private @Nullable String dataPool;
    private boolean objectMap;
    private @Nullable MemoryDisk parent;
    private String parentSnapshot = "";

    Builder(Storage storage, ImageSpec spec) {
      this.storage = storage;
      this.spec = Objects.requireNonNull(spec, "spec");
    }

    private Builder parent(MemoryDisk disk, String snapshot) {
      this.parent = disk;
      this.parentSnapshot = snapshot;
      return this;
    }

    /** Bytes of the image; of a clone, the size of the snapshot it is made from. */
    public Builder size(long size) {
      if (size < 0) {
        throw new IllegalArgumentException("size is negative: " + size);
      }
      this.size = size;
      return this;
    }

    /** Bytes of one object; a power of two from 4 KiB to 32 MiB, 4 MiB by default. */
    public Builder objectSize(long objectSize) {
      if (objectSize < 4096 || objectSize > 32 << 20 || Long.bitCount(objectSize) != 1) {
        throw new IllegalArgumentException("no object size: " + objectSize);
      }
      this.objectSize = objectSize;
      return this;
    }

    /** Spreads neighbouring stripes over several objects; not done by default. */
    public Builder striping(long stripeUnit, long stripeCount) {
      this.stripeUnit = stripeUnit;
      this.stripeCount = stripeCount;
      return this;
    }

    /** Keeps the data in another pool than the one that the spec names. */
    public Builder dataPool(String pool) {
      this.dataPool = Objects.requireNonNull(pool, "pool");
      return this;
    }

    /** Keeps object maps, with the features {@code object-map} and {@code fast-diff}. */
    public Builder objectMap() {
      this.objectMap = true;
      return this;
    }

    /**
     * Makes the image.
     *
     * @throws ConflictException if there is an image of that name
     * @throws NotFoundException if a pool, or the snapshot to clone, does not exist
     */
    public MemoryDisk create() {
      return storage.writing(
          () -> {
            Storage.Pool pool = storage.pool("create image", spec.pool());
            if (pool.images.containsKey(spec)) {
              throw exists("create image", spec);
            }
            Storage.Pool data = dataPool == null ? pool : storage.pool("create image", dataPool);
            StoredParent link = link();
            StoredImage made =
                new StoredImage(
                    spec,
                    new ImageIdentity(storage.fsid, pool.id, spec.namespace(), pool.nextImageId()),
                    new Layout(
                        objectSize,
                        stripeUnit == 0 ? objectSize : stripeUnit,
                        stripeCount,
                        data.id),
                    features(),
                    storage.bugs,
                    link == null ? size : link.overlap(),
                    link);
            pool.images.put(spec, made);
            return new MemoryDisk(storage, made);
          });
    }

    private @Nullable StoredParent link() {
      MemoryDisk from = parent;
      if (from == null) {
        return null;
      }
      StoredSnapshot snapshot = from.existing("clone", parentSnapshot);
      return new StoredParent(from.image, snapshot, snapshot.size);
    }

    private Set<String> features() {
      Set<String> features = new TreeSet<>(Set.of("layering", "exclusive-lock", "deep-flatten"));
      if (objectMap) {
        features.add("object-map");
        features.add("fast-diff");
      }
      if (stripeCount > 1) {
        features.add("striping");
      }
      if (dataPool != null) {
        features.add("data-pool");
      }
      return Set.copyOf(features);
    }
  }
}
