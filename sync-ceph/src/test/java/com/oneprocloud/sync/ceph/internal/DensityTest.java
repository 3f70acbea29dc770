// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class DensityTest {
  private static final int SIZE = 1 << 20;

  private final Density density = new Density();
  private final ByteBuffer data = ByteBuffer.allocateDirect(SIZE + 100);

  private void fill(int from, int to) {
    for (int at = from; at < to; at++) {
      data.put(100 + at, (byte) 7);
    }
  }

  private void see(int times) {
    for (int i = 0; i < times; i++) {
      density.seen(data, 100, SIZE);
    }
  }

  @Test
  void nothingIsDenseBeforeItWasSeen() {
    assertFalse(density.isDense());
  }

  @Test
  void fullObjectsInARowAreDenseAndOneHalfEmptyEndsIt() {
    fill(0, SIZE);
    see(3);
    assertFalse(density.isDense());
    see(1);
    assertTrue(density.isDense());
    fill(0, SIZE);
    for (int at = SIZE / 2; at < SIZE; at++) {
      data.put(100 + at, (byte) 0);
    }
    see(1);
    assertFalse(density.isDense());
    fill(0, SIZE);
    see(4);
    assertTrue(density.isDense());
  }

  @Test
  void aReadTooShortForASampleTellsNothing() {
    for (int i = 0; i < 100; i++) {
      density.seen(data, 0, 4095);
    }
    assertFalse(density.isDense());
    fill(0, SIZE);
    see(4);
    density.seen(ByteBuffer.allocateDirect(100), 0, 100);
    assertTrue(density.isDense());
  }

  @Test
  void theBufferIsLeftAsItWas() {
    data.position(100).limit(200);
    see(1);
    assertEquals(100, data.position());
    assertEquals(200, data.limit());
  }
}
