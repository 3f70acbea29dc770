// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class LayoutTest {
  @Test
  void startsAgainAfterARowOfFullObjects() {
    Layout plain = new Layout(4 << 20, 4 << 20, 1, 1);
    assertEquals(4 << 20, plain.period());
    assertFalse(plain.striped());
    Layout striped = new Layout(4 << 20, 64 << 10, 3, 1);
    assertEquals(12 << 20, striped.period());
    assertTrue(striped.striped());
    // Objects are still filled one after the other.
    assertFalse(new Layout(4 << 20, 64 << 10, 1, 1).striped());
  }

  @Test
  void refusesSizesThatDoNotFitTogether() {
    assertThrows(IllegalArgumentException.class, () -> new Layout(3 << 20, 1 << 20, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Layout(0, 1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Layout(4 << 20, 3 << 20, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Layout(4 << 20, 0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Layout(4 << 20, -1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new Layout(4 << 20, 1 << 20, 0, 1));
  }
}
