// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * Whose turn it is among those that wait for the same thing, so that each gets as many bytes as
 * every other, whatever the size of its requests (start-time fair queueing): over any time in which
 * two wait for their next request whenever they have got one, their bytes differ by at most the
 * largest request of each. No credit is saved up while one does not ask. For the holder of the lock
 * that guards what they wait for.
 */
final class Turns {
  /** In the order in which they came. */
  private final List<Turn> waiting = new ArrayList<>();

  /** The place, in bytes, of what was served last. */
  private long served;

  private Turn first() {
    Turn first = waiting.get(0);
    for (Turn turn : waiting) {
      if (turn.place < first.place) {
        first = turn;
      }
    }
    return first;
  }

  /** One that asks again and again. */
  final class Turn {
    /** Where its next request stands, in bytes. */
    private long place;

    /** It asks. */
    void asks() {
      place = Math.max(place, served);
      waiting.add(this);
    }

    /** Whether it is the next one; for one that asks. */
    boolean isNext() {
      return first() == this;
    }

    /** It got what it asked for. */
    void served(long bytes) {
      served = place;
      place += bytes;
    }

    /** It asks no more, whether it was served or not. */
    void leaves() {
      waiting.remove(this);
    }
  }
}
