// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import static com.oneprocloud.sync.api.storage.ObjectState.EXISTS;
import static com.oneprocloud.sync.api.storage.ObjectState.EXISTS_CLEAN;
import static com.oneprocloud.sync.api.storage.ObjectState.NONEXISTENT;
import static com.oneprocloud.sync.api.storage.ObjectState.PENDING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ObjectState;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChangedObjectsTest {
  private static ObjectMap map(ObjectState... states) {
    byte[] packed = new byte[(states.length + 3) / 4];
    for (int i = 0; i < states.length; i++) {
      packed[i / 4] |= (byte) (states[i].bits() << (6 - 2 * (i % 4)));
    }
    return ObjectMap.of(states.length, true, packed);
  }

  private static List<Long> changed(ChangedObjects objects) {
    return LongStream.range(0, objects.objects()).filter(objects::changed).boxed().toList();
  }

  /** Every pair of states: only "nothing still" and "clean still" are unchanged. */
  @Test
  void whateverIsNotKnownToBeTheSameChanged() {
    for (ObjectState before : ObjectState.values()) {
      for (ObjectState after : ObjectState.values()) {
        ChangedObjects objects = ChangedObjects.since(map(before));
        objects.add(map(after));
        boolean same =
            before == NONEXISTENT
                ? after == NONEXISTENT
                : before != PENDING && after == EXISTS_CLEAN;
        assertEquals(same ? List.of() : List.of(0L), changed(objects), before + " " + after);
        assertEquals(same ? 0 : 1, objects.count());
      }
    }
  }

  @Test
  void aChangeBetweenCountsWhateverCameAfter() {
    ChangedObjects objects =
        ChangedObjects.since(map(EXISTS, NONEXISTENT, EXISTS_CLEAN, EXISTS, EXISTS));
    objects.add(map(EXISTS, EXISTS, NONEXISTENT, PENDING, EXISTS_CLEAN));
    objects.add(map(EXISTS_CLEAN, NONEXISTENT, EXISTS_CLEAN, EXISTS_CLEAN, EXISTS_CLEAN));
    assertEquals(List.of(0L, 1L, 2L, 3L), changed(objects));
    assertThrows(IllegalArgumentException.class, () -> objects.add(map(EXISTS)));
  }

  @Test
  void sinceNothingAllThatExistsChanged() {
    ChangedObjects objects =
        ChangedObjects.sinceNothing(map(NONEXISTENT, EXISTS, PENDING, EXISTS_CLEAN));
    assertEquals(List.of(1L, 2L, 3L), changed(objects));
  }

  /** Against a list of states, over the borders of words. */
  @Test
  void agreesWithASimplerWay() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 200; round++) {
      int size = random.nextInt(1, 200);
      int maps = random.nextInt(1, 5);
      // mostly unchanged, so that there are runs of both
      double rate = random.nextDouble();
      ObjectState[][] states = new ObjectState[maps][size];
      for (int object = 0; object < size; object++) {
        boolean exists = random.nextBoolean();
        for (int map = 0; map < maps; map++) {
          states[map][object] =
              random.nextDouble() < rate
                  ? List.of(ObjectState.values()).get(random.nextInt(4))
                  : exists ? EXISTS_CLEAN : NONEXISTENT;
        }
      }
      ChangedObjects objects = ChangedObjects.since(map(states[0]));
      for (int map = 1; map < maps; map++) {
        objects.add(map(states[map]));
      }
      List<Long> expected = new ArrayList<>();
      Set<Long> same = new HashSet<>();
      for (int object = 0; object < size; object++) {
        (isSame(states, object) ? same : expected).add((long) object);
      }
      String message = "-Dsync.seed=" + seed + " round " + round;
      assertEquals(expected, changed(objects), message);
      assertEquals(expected.size(), objects.count(), message);
      List<Long> walked = new ArrayList<>();
      for (long at = objects.nextChanged(0); at < size; at = objects.nextChanged(at + 1)) {
        walked.add(at);
      }
      assertEquals(expected, walked, message);
      assertEquals(same, new HashSet<>(objects.sample(1000, random)), message);
      List<Long> some = objects.sample(5, random);
      assertTrue(same.containsAll(some) && new HashSet<>(some).size() == some.size(), message);
      long existing = same.stream().filter(it -> states[0][it.intValue()] != NONEXISTENT).count();
      assertEquals(Math.min(5, existing) + Math.min(5, same.size() - existing), some.size());
      assertEquals(expected, asked(objects, size), message);
    }
  }

  private static boolean isSame(ObjectState[][] states, int object) {
    boolean never = true;
    boolean clean = states[0][object] != NONEXISTENT && states[0][object] != PENDING;
    for (int map = 0; map < states.length; map++) {
      never &= states[map][object] == NONEXISTENT;
      clean &= map == 0 || states[map][object] == EXISTS_CLEAN;
    }
    return never || clean;
  }

  /** The objects that the parts of an image ask about, the last one not whole. */
  private static List<Long> asked(ChangedObjects objects, int count) {
    Layout layout = new Layout(4096, 4096, 1, 1);
    long size = count * 4096L - 100;
    Candidates candidates = Candidates.of(objects, size, layout);
    List<Long> asked = new ArrayList<>();
    for (long at = 0; at < size; ) {
      Candidates.Part part = candidates.from(at);
      Extents ask = part.ask();
      for (int i = 0; i < ask.size(); i++) {
        long end = ask.offset(i) + ask.length(i);
        assertTrue(ask.offset(i) >= at && end <= part.end() && ask.offset(i) % 4096 == 0);
        assertTrue(end % 4096 == 0 || end == size);
        for (long object = ask.offset(i) / 4096; object * 4096 < end; object++) {
          asked.add(object);
        }
      }
      assertTrue(part.end() > at && (part.end() % 4096 == 0 || part.end() == size));
      at = part.end();
    }
    return asked;
  }
}
