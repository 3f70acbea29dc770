// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.storage.Snapshot;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * An image as the cluster keeps it, with what librbd does to its objects. Guarded by the lock of
 * its {@link Storage}.
 */
final class StoredImage {
  private final ImageIdentity identity;
  private final Striping striping;
  private final Set<String> features;
  private final Set<KnownBug> bugs;
  private final TreeMap<Long, StoredObject> objects = new TreeMap<>();
  private final TreeMap<Long, StoredSnapshot> snapshots = new TreeMap<>();

  ImageSpec spec;
  boolean deleted;
  private long size;
  private @Nullable StoredParent parent;
  private SnapContext context = SnapContext.beforeAll();

  /** Null if the image has no object maps. */
  private @Nullable StoredObjectMap objectMap;

  /** The object written to last, and what the map said of it before. */
  private long lastWritten = -1;

  private ObjectState beforeLastWrite = ObjectState.NONEXISTENT;

  StoredImage(
      ImageSpec spec,
      ImageIdentity identity,
      Layout layout,
      Set<String> features,
      Set<KnownBug> bugs,
      long size,
      @Nullable StoredParent parent) {
    this.spec = spec;
    this.identity = identity;
    this.striping = new Striping(layout);
    this.features = features;
    this.bugs = bugs;
    this.size = size;
    this.parent = parent;
    this.objectMap =
        features.contains("object-map") ? new StoredObjectMap(layout().objects(size)) : null;
    if (parent != null) {
      parent.snapshot().children.add(this);
    }
  }

  /**
   * The image at one moment.
   *
   * @param snapshot the id of a snapshot, or {@link StoredObject#HEAD}
   * @param size bytes of the image then
   * @param parent what it read through to then
   */
  record View(long snapshot, long size, @Nullable StoredParent parent) {}

  ImageIdentity identity() {
    return identity;
  }

  Layout layout() {
    return striping.layout();
  }

  Set<String> features() {
    return features;
  }

  NavigableMap<Long, StoredSnapshot> snapshots() {
    return snapshots;
  }

  View head() {
    return new View(StoredObject.HEAD, size, parent);
  }

  View at(StoredSnapshot snapshot) {
    return new View(snapshot.id, snapshot.size, snapshot.parent);
  }

  void read(View view, long offset, long length, ByteBuffer into) {
    striping.ofImage(
        offset,
        length,
        (object, objectOffset, imageOffset, count) -> {
          StoredObject stored = objects.get(object);
          Content content = stored == null ? null : stored.at(view.snapshot());
          if (content != null) {
            content.read(objectOffset, count, into);
          } else {
            readThrough(view.parent(), imageOffset, count, into);
          }
        });
  }

  private static void readThrough(
      @Nullable StoredParent parent, long offset, long length, ByteBuffer into) {
    long visible = parent == null ? 0 : Math.max(0, Math.min(length, parent.overlap() - offset));
    if (parent != null && visible > 0) {
      parent.image().read(parent.image().at(parent.snapshot()), offset, visible, into);
    }
    Content.zeros(length - visible, into);
  }

  void write(long offset, ByteBuffer from) {
    striping.ofImage(
        offset,
        from.remaining(),
        (object, objectOffset, imageOffset, count) -> {
          copyUp(object);
          object(object).write(context, objectOffset, from, count);
          mark(object, ObjectState.EXISTS);
        });
  }

  /** Makes a range zeros and frees what it can. */
  void discard(long offset, long length) {
    Map<Long, Ranges> touched = new TreeMap<>();
    striping.ofImage(
        offset,
        length,
        (object, objectOffset, imageOffset, count) ->
            touched
                .computeIfAbsent(object, key -> new Ranges())
                .add(objectOffset, objectOffset + count));
    touched.forEach(
        (object, ranges) -> ranges.forEach((from, to) -> discardInObject(object, from, to)));
  }

  private void discardInObject(long number, long from, long to) {
    boolean whole = from == 0 && to == layout().objectSize();
    boolean hides = parent != null && striping.start(number) < parent.overlap();
    if (!hides && !objects.containsKey(number)) {
      return;
    }
    if (hides && (!whole || !snapshots.isEmpty())) {
      copyUp(number);
    }
    StoredObject object = object(number);
    if (whole && hides) {
      object.whiteOut(context);
    } else if (whole) {
      object.delete(context);
    } else {
      object.zero(context, from, to - from);
    }
    mark(number, object.exists() ? ObjectState.EXISTS : ObjectState.NONEXISTENT);
    dropIfGone(number, object);
  }

  /**
   * Copies what the parent holds in place of an object that does not exist, as if that had been
   * done before the first snapshot, so that snapshots show the same bytes as before.
   */
  private void copyUp(long number) {
    StoredParent from = parent;
    if (from == null || striping.start(number) >= from.overlap()) {
      return;
    }
    StoredObject object = objects.get(number);
    if (object != null && object.exists()) {
      return;
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) layout().objectSize());
    striping.ofObject(
        number,
        0,
        layout().objectSize(),
        (same, objectOffset, imageOffset, count) -> {
          if (imageOffset < from.overlap()) {
            readThrough(from, imageOffset, Math.min(count, from.overlap() - imageOffset), bytes);
          }
        });
    bytes.flip();
    if (!allZeros(bytes)) {
      object(number).write(SnapContext.beforeAll(), 0, bytes, bytes.remaining());
      markCopiedUp(number);
    }
  }

  /** Enters what happened to an object into the map of the head. */
  private void mark(long number, ObjectState state) {
    if (objectMap != null) {
      lastWritten = number;
      beforeLastWrite = objectMap.get(number);
      objectMap.set(number, state);
    }
  }

  /** Enters an object that was made as if before the first snapshot into all maps. */
  private void markCopiedUp(long number) {
    ObjectState state = ObjectState.EXISTS;
    if (!bugs.contains(KnownBug.COPY_UP_NOT_IN_MAPS)) {
      for (StoredSnapshot snapshot : snapshots.values()) {
        if (snapshot.objectMap != null) {
          snapshot.objectMap.set(number, state);
          state = ObjectState.EXISTS_CLEAN;
        }
      }
    }
    mark(number, state);
  }

  private static boolean allZeros(ByteBuffer bytes) {
    for (int i = bytes.position(); i < bytes.limit(); i++) {
      if (bytes.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** The objects that the parent holds data in place of. */
  private Set<Long> objectsOfParent() {
    Set<Long> numbers = new TreeSet<>();
    StoredParent from = parent;
    if (from != null) {
      Extents data = from.image().diff(0, from.image().at(from.snapshot()), 0, from.overlap());
      for (Extent extent : data) {
        if (extent.kind() == Extent.Kind.DATA) {
          striping.ofImage(
              extent.offset(), extent.length(), (object, within, offset, n) -> numbers.add(object));
        }
      }
    }
    return numbers;
  }

  void resize(long newSize) {
    if (newSize < size) {
      long kept = striping.objects(newSize);
      if (!snapshots.isEmpty()) {
        objectsOfParent().stream().filter(number -> number >= kept).forEach(this::copyUp);
      }
      for (long number : Set.copyOf(objects.tailMap(kept).keySet())) {
        StoredObject object = object(number);
        object.delete(context);
        dropIfGone(number, object);
      }
      // The map is cut below, after the objects at the border were.
      long boundary = Math.min(size, striping.objects(newSize) * layout().objectSize());
      if (boundary > newSize) {
        discard(newSize, striping.objects(newSize) * layout().objectSize() - newSize);
      }
      if (parent != null) {
        parent = parent.cutTo(newSize);
      }
    }
    size = newSize;
    if (objectMap != null) {
      objectMap.resize(layout().objects(newSize));
    }
  }

  StoredSnapshot snapshot(long id, String name, Instant now) {
    StoredSnapshot snapshot = new StoredSnapshot(id, name, size, now, parent);
    snapshots.put(id, snapshot);
    if (objectMap != null) {
      snapshot.objectMap = objectMap.copy();
      if (bugs.contains(KnownBug.STALE_MAP_UNDER_WRITES) && lastWritten >= 0) {
        snapshot.objectMap.set(lastWritten, beforeLastWrite);
      }
      lastWritten = -1;
      objectMap.startAnew();
    }
    context = new SnapContext(id, new TreeSet<>(snapshots.keySet()));
    return snapshot;
  }

  /** Removes a snapshot; one that clones still need goes to the trash until the last has let go. */
  void remove(StoredSnapshot snapshot) {
    if (!snapshot.children.isEmpty()) {
      snapshot.kind = Snapshot.Kind.TRASH;
      snapshot.name = UUID.randomUUID().toString();
      return;
    }
    Map.Entry<Long, StoredSnapshot> next = snapshots.higherEntry(snapshot.id);
    StoredObjectMap after = next == null ? objectMap : next.getValue().objectMap;
    if (after != null && snapshot.objectMap != null) {
      after.absorb(snapshot.objectMap);
    }
    snapshots.remove(snapshot.id);
    context = new SnapContext(context.seq(), new TreeSet<>(snapshots.keySet()));
    objects.values().forEach(object -> object.trim(snapshot.id));
    objects.values().removeIf(StoredObject::gone);
  }

  void rollBack(StoredSnapshot snapshot) {
    resize(snapshot.size);
    Map<Long, StoredObject> kept = objects.headMap(striping.objects(snapshot.size));
    kept.values().forEach(object -> object.rollBack(context, snapshot.id));
    kept.values().removeIf(StoredObject::gone);
    // As librbd does it: the map of the snapshot, its clean objects included, becomes the head's.
    objectMap = snapshot.objectMap == null ? objectMap : snapshot.objectMap.copy();
    lastWritten = -1;
  }

  /** Copies all that is still read from the parent and lets go of it, snapshots included. */
  void flatten() {
    objectsOfParent().forEach(this::copyUp);
    leaveParent();
  }

  void leaveParent() {
    Map<StoredSnapshot, StoredImage> left = new HashMap<>();
    if (parent != null) {
      left.put(parent.snapshot(), parent.image());
    }
    parent = null;
    for (StoredSnapshot snapshot : snapshots.values()) {
      StoredParent link = snapshot.parent;
      if (link != null) {
        left.put(link.snapshot(), link.image());
        snapshot.parent = null;
      }
    }
    left.forEach(
        (snapshot, image) -> {
          snapshot.children.remove(this);
          if (snapshot.children.isEmpty() && snapshot.kind == Snapshot.Kind.TRASH) {
            image.remove(snapshot);
          }
        });
  }

  /**
   * What may differ in a range between two moments, from the snapsets of the objects.
   *
   * @param base the id of the older snapshot; 0 to compare with an image of zeros
   */
  Extents diff(long base, View end, long offset, long length) {
    return new ImageDiff(this, end).exact(base, offset, length);
  }

  /**
   * Whether an object was written to between two moments, by its version: each write after a
   * snapshot makes another.
   *
   * @param base the id of the older snapshot; 0 for a time when no object existed
   */
  boolean wasWritten(long number, long base, long end) {
    StoredObject object = objects.get(number);
    return object != null && (base == 0 ? null : object.at(base)) != object.at(end);
  }

  /** The objects that exist or did at a snapshot, by number. */
  NavigableMap<Long, StoredObject> objects() {
    return objects;
  }

  Striping striping() {
    return striping;
  }

  Set<KnownBug> bugs() {
    return bugs;
  }

  /** The map of the head; null if the image has none. */
  @Nullable StoredObjectMap objectMap() {
    return objectMap;
  }

  private StoredObject object(long number) {
    return objects.computeIfAbsent(number, key -> new StoredObject(bugs));
  }

  private void dropIfGone(long number, StoredObject object) {
    if (object.gone()) {
      objects.remove(number);
    }
  }
}
