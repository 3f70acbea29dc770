// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.ObjectState;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Which objects changed, from object maps alone: what librbd's fast-diff works out, with its flaws.
 * The state of an object is carried from map to map; where the image shrinks it is dropped.
 */
final class FastDiff {
  private FastDiff() {}

  private enum Seen {
    HOLE,
    HOLE_UPDATED,
    DATA,
    DATA_UPDATED
  }

  /**
   * The changed objects.
   *
   * @param maps the maps of the base, unless that is nothing, and of all later snapshots in order
   * @param fromNothing whether there is no base
   * @param bugs the bugs of the library that does this
   * @return for each changed object whether it exists at the end
   */
  static Map<Long, Boolean> changed(
      List<StoredObjectMap> maps, boolean fromNothing, Set<KnownBug> bugs) {
    Set<Long> known = new TreeSet<>();
    maps.forEach(map -> known.addAll(map.known()));
    Map<Long, Boolean> changed = new TreeMap<>();
    for (long object : known) {
      Seen seen = last(object, maps, fromNothing, bugs);
      if (seen == Seen.DATA_UPDATED || seen == Seen.HOLE_UPDATED) {
        changed.put(object, seen == Seen.DATA_UPDATED);
      }
    }
    return changed;
  }

  private static @Nullable Seen last(
      long object, List<StoredObjectMap> maps, boolean fromNothing, Set<KnownBug> bugs) {
    Seen seen = null;
    for (int i = 0; i < maps.size(); i++) {
      StoredObjectMap map = maps.get(i);
      ObjectState state = map.get(object);
      if (state == ObjectState.PENDING && bugs.contains(KnownBug.PENDING_OBJECTS)) {
        state = ObjectState.EXISTS_CLEAN;
      }
      boolean there = state != ObjectState.NONEXISTENT;
      if (object >= map.objects()) {
        seen = null;
      } else if (i == 0 && !fromNothing) {
        seen = there ? Seen.DATA : Seen.HOLE;
      } else if (seen == null) {
        seen = grown(state, fromNothing, bugs);
      } else if (state == ObjectState.EXISTS || state == ObjectState.PENDING) {
        seen = Seen.DATA_UPDATED;
      } else if (there && (seen == Seen.HOLE || seen == Seen.HOLE_UPDATED)) {
        seen = Seen.DATA_UPDATED;
      } else if (!there && seen != Seen.HOLE) {
        seen = Seen.HOLE_UPDATED;
      }
    }
    return seen;
  }

  /** An object that the map before had no place for. */
  private static Seen grown(ObjectState state, boolean fromNothing, Set<KnownBug> bugs) {
    if (state == ObjectState.NONEXISTENT) {
      return Seen.HOLE;
    }
    boolean leftOut =
        !fromNothing
            && state == ObjectState.EXISTS_CLEAN
            && bugs.contains(KnownBug.CLEAN_OBJECTS_OF_GROWTH);
    return leftOut ? Seen.DATA : Seen.DATA_UPDATED;
  }
}
