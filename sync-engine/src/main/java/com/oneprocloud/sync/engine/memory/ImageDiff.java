// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What changed in an image up to one moment. Used under the lock of the image's {@link Storage}.
 */
final class ImageDiff {
  private final StoredImage image;
  private final StoredImage.View end;
  private final Striping striping;

  ImageDiff(StoredImage image, StoredImage.View end) {
    this.image = image;
    this.end = end;
    this.striping = image.striping();
  }

  /**
   * What may differ in a range between two moments, from the snapsets of the objects.
   *
   * @param base the id of the older snapshot; 0 to compare with an image of zeros
   */
  Extents exact(long base, long offset, long length) {
    long limit = Math.min(end.size(), offset + length);
    Extents.Builder extents = Extents.builder();
    if (offset >= limit) {
      return extents.build();
    }
    image
        .objects()
        .subMap(striping.firstObject(offset), striping.objects(limit))
        .forEach(
            (number, object) -> {
              StoredObject.Change change = object.diff(base, end.snapshot());
              change
                  .ranges()
                  .forEach((from, to) -> report(number, change, from, to, offset, limit, extents));
            });
    StoredParent from = end.parent();
    if (base == 0 && from != null) {
      long visible = Math.min(limit, from.overlap()) - offset;
      if (visible > 0) {
        Extents inherited = parent(from).exact(0, offset, visible);
        for (Extent extent : inherited) {
          addInherited(extent, extents);
        }
      }
    }
    return extents.build();
  }

  /**
   * What librbd's fast-diff says since a snapshot: whole objects, from object maps where they can
   * be used, else from snapsets.
   *
   * @param base null to compare with an image of zeros
   */
  Extents fast(@Nullable StoredSnapshot base) {
    List<StoredObjectMap> maps = new ArrayList<>();
    for (StoredSnapshot snapshot :
        image.snapshots().subMap(base == null ? 0 : base.id, true, end.snapshot(), true).values()) {
      StoredObjectMap map = snapshot.objectMap;
      if (map != null && isTrusted(map, snapshot, base)) {
        maps.add(map);
      } else if (map != null
          || snapshot.id == end.snapshot()
          || snapshot == base
          || !image.bugs().contains(KnownBug.MISSING_MAP_SKIPPED)) {
        return wholeObjects(exact(base == null ? 0 : base.id, 0, end.size()));
      }
    }
    Extents.Builder extents = Extents.builder();
    FastDiff.changed(maps, base == null, image.bugs())
        .forEach((object, exists) -> addWhole(object, !exists, extents));
    StoredParent from = end.parent();
    if (base == null && from != null && !image.bugs().contains(KnownBug.FAST_DIFF_WITHOUT_PARENT)) {
      for (Extent extent : parent(from).fast(null).within(0, from.overlap())) {
        addInherited(extent, extents);
      }
    }
    return extents.build();
  }

  private static ImageDiff parent(StoredParent link) {
    return new ImageDiff(link.image(), link.image().at(link.snapshot()));
  }

  private boolean isTrusted(
      StoredObjectMap map, StoredSnapshot snapshot, @Nullable StoredSnapshot base) {
    return !map.invalid
        || (image.bugs().contains(KnownBug.VALIDITY_OF_BASE_ONLY)
            && base != null
            && snapshot != base);
  }

  private Extents wholeObjects(Extents exact) {
    Extents.Builder whole = Extents.builder();
    Set<Long> touched = new TreeSet<>();
    for (Extent extent : exact) {
      striping.ofImage(
          extent.offset(), extent.length(), (object, within, offset, n) -> touched.add(object));
    }
    touched.forEach(object -> addWhole(object, false, whole));
    return whole.build();
  }

  private void addWhole(long number, boolean zero, Extents.Builder extents) {
    if (image.bugs().contains(KnownBug.FAST_DIFF_OF_STRIPES)) {
      long offset = number * striping.layout().objectSize();
      if (offset < end.size()) {
        extents.add(offset, Math.min(striping.layout().objectSize(), end.size() - offset), zero);
      }
      return;
    }
    striping.ofObject(
        number,
        0,
        striping.layout().objectSize(),
        (object, within, offset, count) -> {
          if (offset < end.size()) {
            extents.add(offset, Math.min(count, end.size() - offset), zero);
          }
        });
  }

  private void report(
      long number,
      StoredObject.Change change,
      long from,
      long to,
      long offset,
      long limit,
      Extents.Builder extents) {
    long split = change.exists() ? Math.max(from, Math.min(to, change.size())) : from;
    StoredParent below = change.exists() ? null : end.parent();
    Striping.Visitor add =
        (object, within, imageOffset, count) -> {
          long first = Math.max(offset, imageOffset);
          long last = Math.min(limit, imageOffset + count);
          if (first < last) {
            boolean inherited = below != null && first < below.overlap();
            extents.add(first, last - first, within >= split && !inherited);
          }
        };
    striping.ofObject(number, from, split, add);
    striping.ofObject(number, split, Math.min(to, striping.layout().objectSize()), add);
  }

  /** Adds those parts of a parent's extent that no object of this image hides. */
  private void addInherited(Extent extent, Extents.Builder extents) {
    striping.ofImage(
        extent.offset(),
        extent.length(),
        (number, within, imageOffset, count) -> {
          StoredObject object = image.objects().get(number);
          if (object == null || object.at(end.snapshot()) == null) {
            extents.add(imageOffset, count, extent.kind() == Extent.Kind.ZERO);
          }
        });
  }
}
