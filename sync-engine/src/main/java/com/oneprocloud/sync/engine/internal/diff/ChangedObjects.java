// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.storage.ObjectMap;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What object maps say of every object between two snapshots: two bits each, whatever their number.
 * An object counts as unchanged only if it existed in no map, or existed at the base and is
 * "exists, not written to" in every map after it. All else counts as changed: written, made,
 * removed, about to be removed. Not thread-safe while maps are added.
 */
final class ChangedObjects {
  /** The lower bit of each object's two. */
  private static final long LOW = 0x5555_5555_5555_5555L;

  private final long objects;

  /**
   * For each object, in the order of {@link ObjectMap#word}: the higher bit while every map said
   * "nonexistent", the lower one while it existed at the base and was clean in every map since.
   */
  private final long[] unchanged;

  private ChangedObjects(ObjectMap first) {
    this.objects = first.objects();
    this.unchanged = new long[first.words()];
  }

  /** Begins with the map of the base, whose own changes do not count. */
  static ChangedObjects since(ObjectMap base) {
    ChangedObjects since = new ChangedObjects(base);
    for (int i = 0; i < since.unchanged.length; i++) {
      long word = base.word(i);
      long high = word >>> 1 & LOW;
      long low = word & LOW;
      // a removal that was under way at the base may have happened before or after it
      since.unchanged[i] = (~(high | low) & LOW) << 1 | low;
    }
    return since;
  }

  /** Everything that exists at the end: what changed since there was nothing. */
  static ChangedObjects sinceNothing(ObjectMap end) {
    ChangedObjects since = new ChangedObjects(end);
    for (int i = 0; i < since.unchanged.length; i++) {
      long word = end.word(i);
      since.unchanged[i] = (~(word >>> 1 | word) & LOW) << 1;
    }
    return since;
  }

  /**
   * Adds the map of a later snapshot.
   *
   * @throws IllegalArgumentException if it is of another number of objects
   */
  void add(ObjectMap map) {
    if (map.objects() != objects) {
      throw new IllegalArgumentException(map + " after a map of " + objects);
    }
    for (int i = 0; i < unchanged.length; i++) {
      long word = map.word(i);
      long high = word >>> 1 & LOW;
      long low = word & LOW;
      unchanged[i] &= (~(high | low) & LOW) << 1 | (high & low);
    }
  }

  /** How many objects the image has at most. */
  long objects() {
    return objects;
  }

  /** Whether an object may have changed. */
  boolean changed(long object) {
    return bits(object) == 0;
  }

  /** How many objects may have changed. */
  long count() {
    long same = 0;
    for (long word : unchanged) {
      same += Long.bitCount(word);
    }
    // what lies behind the last object never exists
    return (long) unchanged.length * ObjectMap.OBJECTS_PER_WORD - same;
  }

  /** The first changed object from a number on; {@link #objects} if there is none. */
  long nextChanged(long from) {
    long object = from;
    while (object < objects) {
      int index = (int) (object / ObjectMap.OBJECTS_PER_WORD);
      long word = unchanged[index];
      long changed = ~(word | word >>> 1) & LOW;
      changed &= -1L >>> (2 * (object % ObjectMap.OBJECTS_PER_WORD));
      if (changed != 0) {
        long found =
            (long) index * ObjectMap.OBJECTS_PER_WORD + Long.numberOfLeadingZeros(changed) / 2;
        return Math.min(objects, found);
      }
      object = (index + 1L) * ObjectMap.OBJECTS_PER_WORD;
    }
    return objects;
  }

  /** The first unchanged object from a number on; {@link #objects} if there is none. */
  long nextUnchanged(long from) {
    long object = from;
    while (object < objects && changed(object)) {
      object++;
    }
    return object;
  }

  /**
   * Some of the objects that exist and did not change, and some of those that do not exist, of each
   * about as many as are asked for, or all if there are fewer.
   *
   * @param each how many of each kind
   * @param random where in the image they are
   * @return numbers of objects, ascending within each kind
   */
  List<Long> sample(int each, RandomGenerator random) {
    List<Long> sample = new ArrayList<>(sample(LOW, each, random));
    sample.addAll(sample(~LOW, each, random));
    return sample;
  }

  /** Chooses by rank, so that every object is as likely as any other wherever they lie. */
  private List<Long> sample(long kind, int most, RandomGenerator random) {
    long of = 0;
    for (int i = 0; i < unchanged.length; i++) {
      of += Long.bitCount(unchanged[i] & kind & inside(i));
    }
    long[] ranks =
        of <= most
            ? java.util.stream.LongStream.range(0, of).toArray()
            : random.longs(0, of).distinct().limit(most).sorted().toArray();
    List<Long> chosen = new ArrayList<>(ranks.length);
    long rank = 0;
    int next = 0;
    for (int i = 0; i < unchanged.length && next < ranks.length; i++) {
      long word = unchanged[i] & kind & inside(i);
      int here = Long.bitCount(word);
      while (next < ranks.length && ranks[next] < rank + here) {
        long left = word;
        for (long skip = ranks[next] - rank; skip > 0; skip--) {
          left &= ~Long.highestOneBit(left);
        }
        chosen.add((long) i * ObjectMap.OBJECTS_PER_WORD + Long.numberOfLeadingZeros(left) / 2);
        next++;
      }
      rank += here;
    }
    return chosen;
  }

  /** The bits of a word that belong to objects of the image. */
  private long inside(int index) {
    long left = objects - (long) index * ObjectMap.OBJECTS_PER_WORD;
    return left >= ObjectMap.OBJECTS_PER_WORD ? -1L : -1L << (64 - 2 * left);
  }

  private long bits(long object) {
    long shift = 62 - 2 * (object % ObjectMap.OBJECTS_PER_WORD);
    return unchanged[(int) (object / ObjectMap.OBJECTS_PER_WORD)] >>> shift & 3;
  }
}
