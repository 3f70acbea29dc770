// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ZerosTest {
  @Test
  void everyByteDecides() {
    ByteBuffer data = ByteBuffer.allocateDirect(100);
    for (int from = 0; from < 40; from++) {
      for (int length = 0; from + length <= 100; length++) {
        assertTrue(Zeros.isZero(data, from, length));
        if (length > 0) {
          for (int at : new int[] {from, from + length / 2, from + length - 1}) {
            data.put(at, (byte) 1);
            assertFalse(Zeros.isZero(data, from, length), from + "+" + length + " at " + at);
            data.put(at, (byte) 0);
          }
        }
        if (from > 0) {
          data.put(from - 1, (byte) 1);
        }
        if (from + length < 100) {
          data.put(from + length, (byte) 1);
        }
        assertTrue(Zeros.isZero(data, from, length), "bytes around do not count");
        data.put(Math.max(0, from - 1), (byte) 0);
        if (from + length < 100) {
          data.put(from + length, (byte) 0);
        }
      }
    }
  }

  @Test
  void splitsDataInBlocksOfTheImage() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 300; i++) {
      int length = random.nextInt(1, 6 * Zeros.BLOCK);
      int position = random.nextInt(100);
      long offset = random.nextLong(0, 5 * Zeros.BLOCK);
      ByteBuffer data = ByteBuffer.allocateDirect(position + length);
      data.put(0, (byte) 1);
      for (int n = random.nextInt(4); n > 0; n--) {
        data.put(position + random.nextInt(length), (byte) 5);
      }
      data.position(position);
      Extents runs = Zeros.split(data, offset);
      assertEquals(position, data.position());
      long at = offset;
      for (Extent run : runs) {
        assertEquals(at, run.offset(), "seed " + seed);
        assertTrue(run.end() % Zeros.BLOCK == 0 || run.end() == offset + length);
        boolean any = false;
        for (long block = run.offset(); block < run.end(); ) {
          long end = Math.min(run.end(), (block / Zeros.BLOCK + 1) * Zeros.BLOCK);
          boolean zero = true;
          for (long b = block; b < end; b++) {
            zero &= data.get(position + (int) (b - offset)) == 0;
          }
          assertEquals(run.kind() == Extent.Kind.ZERO, zero, "seed " + seed);
          any = true;
          block = end;
        }
        assertTrue(any);
        at = run.end();
      }
      assertEquals(offset + length, at, "all of it, seed " + seed);
    }
  }
}
