// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WatermarkTest {
  @Test
  void isTheStartOfTheOldestWorkThatIsNotDone() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 100; i++) {
      long start = random.nextLong(1000);
      Watermark watermark = new Watermark(start);
      List<Watermark.Work> open = new ArrayList<>();
      List<Long> offsets = new ArrayList<>();
      long next = start;
      assertEquals(start, watermark.offset());
      for (int n = 0; n < 60; n++) {
        switch (random.nextInt(3)) {
          case 0 -> {
            next += random.nextInt(50);
            open.add(watermark.begin(next));
            offsets.add(next);
          }
          case 1 -> {
            if (!open.isEmpty()) {
              int which = random.nextInt(open.size());
              open.remove(which).end();
              offsets.remove(which);
            }
          }
          default -> {
            next += random.nextInt(20);
            watermark.passed(next);
          }
        }
        assertEquals(open.size(), watermark.open());
        long expected = offsets.stream().mapToLong(it -> it).min().orElse(next);
        assertEquals(expected, watermark.offset(), "seed " + seed);
      }
    }
  }
}
