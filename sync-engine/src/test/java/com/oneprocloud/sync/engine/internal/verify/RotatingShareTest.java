// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RotatingShareTest {
  private static Extents all(RotatingShare share, long size) {
    Extents.Builder all = Extents.builder();
    long end = 0;
    while (share.hasNext()) {
      RangeSource.Range range = share.next();
      for (Extent extent : range.extents()) {
        assertTrue(extent.offset() >= end && extent.end() <= range.end());
      }
      end = range.end();
      all.addAll(range.extents());
    }
    assertEquals(size, end);
    return all.build();
  }

  @Test
  void anyTurnsInARowLeaveNothingOut() {
    long seed = RandomWorkload.seed();
    System.out.println("rotating shares with -Dsync.seed=" + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 200; round++) {
      int shares = random.nextInt(1, 600);
      long smallest = random.nextLong(1, 20L << 30);
      long first = random.nextLong(1_000_000);
      Extents.Builder union = Extents.builder();
      long bytes = 0;
      for (long turn = first; turn < first + shares; turn++) {
        long size = smallest + random.nextLong(3) * random.nextLong(1L << 30);
        Extents share = all(new RotatingShare(Extents.none(), size, shares, turn), size);
        bytes += share.bytes();
        assertTrue(share.bytes() <= size / shares + RotatingShare.STRIPE, "no more than its share");
        union.addAll(share);
      }
      Extents covered = union.build().within(0, smallest);
      assertEquals(Extents.of(Extent.data(0, smallest)), covered);
      assertTrue(bytes >= smallest);
    }
  }

  @Test
  void whatWasWrittenIsInEveryTurn() {
    Extents written = Extents.builder().add(100, 50, false).add(30L << 20, 12L << 20, true).build();
    for (int turn = 0; turn < 8; turn++) {
      Extents all = all(new RotatingShare(written, 64 << 20, 8, turn), 64 << 20);
      for (Extent extent : written) {
        assertEquals(
            extent.length(), all.within(extent.offset(), extent.length()).bytes(), "turn " + turn);
      }
    }
  }
}
