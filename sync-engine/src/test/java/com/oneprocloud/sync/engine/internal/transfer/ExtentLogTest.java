// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExtentLogTest {
  @Test
  void keepsFewExtentsAsTheyAre() {
    Extents extents = Extents.builder().add(0, 10, false).add(20, 5, true).build();
    ExtentLog log = new ExtentLog(2);
    log.add(extents);
    assertEquals(extents, log.extents());
  }

  @Test
  void namesEverythingThatItWasGivenInBoundedMemory() {
    SplittableRandom random = new SplittableRandom(RandomWorkload.seed());
    for (int i = 0; i < 50; i++) {
      int most = random.nextInt(1, 40);
      ExtentLog log = new ExtentLog(most);
      Extents.Builder all = Extents.builder();
      long at = 0;
      for (int n = random.nextInt(20); n > 0; n--) {
        Extents.Builder part = Extents.builder();
        for (int m = random.nextInt(30); m > 0; m--) {
          at += random.nextInt(4) == 0 ? 0 : random.nextInt(200_000);
          int length = random.nextInt(1, 100_000);
          boolean zero = random.nextInt(3) == 0;
          part.add(at, length, zero);
          all.add(at, length, zero);
          at += length;
        }
        log.add(part.build());
      }
      Extents given = all.build();
      Extents kept = log.extents();
      assertTrue(kept.size() <= Math.max(most, 1), kept.size() + " of " + most);
      for (Extent extent : given) {
        Extents within = kept.within(extent.offset(), extent.length());
        assertEquals(extent.length(), within.bytes(), "all of it is named");
        if (extent.kind() == Extent.Kind.DATA) {
          assertEquals(0, within.bytes(Extent.Kind.ZERO), "data is never called zeros");
        }
      }
    }
  }
}
