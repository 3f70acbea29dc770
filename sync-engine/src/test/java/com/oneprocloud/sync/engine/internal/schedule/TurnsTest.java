// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class TurnsTest {
  @Test
  void equalRequestsGoInTheOrderInWhichTheyCame() {
    Turns turns = new Turns();
    Turns.Turn first = turns.new Turn();
    Turns.Turn second = turns.new Turn();
    first.asks();
    second.asks();
    assertTrue(first.isNext());
    assertFalse(second.isNext());
    first.served(10);
    first.leaves();
    first.asks();
    assertTrue(second.isNext());
    second.leaves();
    assertTrue(first.isNext(), "who leaves unserved keeps nobody waiting");
  }

  /** One that asks, with what it got since somebody began to ask. */
  private static final class Asker {
    final Turns.Turn turn;
    final int largest;
    int next;
    boolean asks;
    long bytes;

    Asker(Turns.Turn turn, int largest) {
      this.turn = turn;
      this.largest = largest;
    }
  }

  /** Two that ask all the time get the same, however often others come and go. */
  @RepeatedTest(10)
  void thoseThatAskGetAsMuchAsEachOther() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    Turns turns = new Turns();
    List<Asker> askers = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      askers.add(new Asker(turns.new Turn(), 1 << random.nextInt(4, 20)));
    }
    long compared = 0;
    for (int step = 0; step < 20_000; step++) {
      Asker one = askers.get(random.nextInt(askers.size()));
      if (!one.asks) {
        one.asks = true;
        one.next = random.nextInt(1, one.largest + 1);
        one.turn.asks();
        askers.forEach(it -> it.bytes = 0);
      } else if (random.nextInt(200) == 0) {
        one.asks = false;
        one.turn.leaves();
      }
      for (Asker asker : askers) {
        if (asker.asks && asker.turn.isNext()) {
          asker.turn.served(asker.next);
          asker.turn.leaves();
          asker.bytes += asker.next;
          asker.next = random.nextInt(1, asker.largest + 1);
          asker.turn.asks();
          break;
        }
      }
      for (Asker a : askers) {
        for (Asker b : askers) {
          if (a.asks && b.asks) {
            compared++;
            assertTrue(
                a.bytes - b.bytes <= a.largest + b.largest,
                "-Dsync.seed=" + seed + ": " + a.bytes + " beside " + b.bytes);
          }
        }
      }
    }
    assertTrue(compared > 100_000, "-Dsync.seed=" + seed);
  }
}
