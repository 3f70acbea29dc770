// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ObjectState;
import java.util.Set;
import java.util.TreeMap;

/** The object map of an image's head or of a snapshot, as librbd keeps it. Not thread-safe. */
final class StoredObjectMap {
  /** Objects that are not there are not here either. */
  private final TreeMap<Long, ObjectState> states = new TreeMap<>();

  private long objects;

  /** Whether the flags say that the map is not to be trusted. */
  boolean invalid;

  StoredObjectMap(long objects) {
    this.objects = objects;
  }

  StoredObjectMap copy() {
    StoredObjectMap copy = new StoredObjectMap(objects);
    copy.states.putAll(states);
    copy.invalid = invalid;
    return copy;
  }

  /** How many objects the image has at most. */
  long objects() {
    return objects;
  }

  /** The objects that are not NONEXISTENT. */
  Set<Long> known() {
    return states.keySet();
  }

  ObjectState get(long object) {
    return states.getOrDefault(object, ObjectState.NONEXISTENT);
  }

  void set(long object, ObjectState state) {
    if (state == ObjectState.NONEXISTENT || object >= objects) {
      states.remove(object);
    } else {
      states.put(object, state);
    }
  }

  void resize(long newObjects) {
    states.tailMap(newObjects).clear();
    objects = newObjects;
  }

  /** The map as a client of the cluster gets it. */
  ObjectMap describe() {
    byte[] packed = new byte[Math.toIntExact((objects + 3) / 4)];
    states.forEach(
        (object, state) ->
            packed[(int) (object / 4)] |= (byte) (state.bits() << (6 - 2 * (object % 4))));
    return ObjectMap.of(objects, !invalid, packed);
  }

  /** What is written from now on is to be told from what was written before. */
  void startAnew() {
    states.replaceAll(
        (object, state) -> state == ObjectState.EXISTS ? ObjectState.EXISTS_CLEAN : state);
  }

  /** Takes over what the snapshot before, which goes, knew to be written. */
  void absorb(StoredObjectMap before) {
    states.replaceAll(
        (object, state) ->
            state == ObjectState.EXISTS_CLEAN
                    && (object >= before.objects || before.get(object) == ObjectState.EXISTS)
                ? ObjectState.EXISTS
                : state);
  }
}
