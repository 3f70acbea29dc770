// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * The object map of one snapshot: two bits for each object of the image. It is kept by the clients
 * that write to the image, not by the storage, and is right only if they were. Immutable; an image
 * of 50 TiB in objects of 4 MiB takes 3.2 MiB.
 */
public final class ObjectMap {
  /** Objects that one {@link #word} tells of. */
  public static final int OBJECTS_PER_WORD = 32;

  private final long objects;
  private final boolean valid;

  /** Padded with zeros to whole words. */
  private final ByteBuffer states;

  private ObjectMap(long objects, boolean valid, byte[] states) {
    this.objects = objects;
    this.valid = valid;
    this.states = ByteBuffer.wrap(states);
  }

  /**
   * A map.
   *
   * @param objects how many objects it tells of
   * @param valid whether no flag of the snapshot says that the map is not to be trusted
   * @param states the {@link ObjectState#bits} of each object, four to a byte, the first in the
   *     highest bits; copied
   * @throws IllegalArgumentException if there are more or fewer bytes than the objects take
   */
  public static ObjectMap of(long objects, boolean valid, byte[] states) {
    if (objects < 0 || states.length != (objects + 3) / 4) {
      throw new IllegalArgumentException(states.length + " bytes for " + objects + " objects");
    }
    byte[] padded = Arrays.copyOf(states, Math.toIntExact((states.length + 7L) / 8 * 8));
    if (objects % 4 != 0) {
      padded[states.length - 1] &= (byte) (0xff << (8 - 2 * (objects % 4)));
    }
    return new ObjectMap(objects, valid, padded);
  }

  /** How many objects it tells of. */
  public long objects() {
    return objects;
  }

  /**
   * Whether the flags of the snapshot do not say otherwise ({@code object map invalid}, {@code fast
   * diff invalid}). A map can be wrong without a flag.
   */
  public boolean valid() {
    return valid;
  }

  /** What it says of an object, by its number from 0. */
  public ObjectState state(long object) {
    Objects.checkIndex(object, objects);
    return ObjectState.ofBits(states.get((int) (object / 4)) >> (6 - 2 * (object % 4)));
  }

  /**
   * The states of {@link #OBJECTS_PER_WORD} objects at once, the first in the highest two bits;
   * those beyond {@link #objects} are NONEXISTENT.
   *
   * @param index from 0; object {@code 32 * index} is the first
   */
  public long word(int index) {
    return states.getLong(8 * index);
  }

  /** How many words it has. */
  public int words() {
    return states.capacity() / 8;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ObjectMap map
        && map.objects == objects
        && map.valid == valid
        && map.states.equals(states);
  }

  @Override
  public int hashCode() {
    return Objects.hash(objects, valid, states);
  }

  @Override
  public String toString() {
    return "object map of " + objects + " objects" + (valid ? "" : ", flagged as invalid");
  }
}
