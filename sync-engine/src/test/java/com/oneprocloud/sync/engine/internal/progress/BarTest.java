// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.progress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BarTest {
  @Test
  void growsByEighths() {
    assertEquals("    ", Bar.of(0, 4, true));
    assertEquals("▏   ", Bar.of(1 / 32.0, 4, true));
    assertEquals("██▌ ", Bar.of(20 / 32.0, 4, true));
    assertEquals("███▉", Bar.of(0.999, 4, true));
    assertEquals("████", Bar.of(1, 4, true));
    assertEquals("##..", Bar.of(0.6, 4, false));
  }

  @Test
  void whatMakesNoSenseIsEmptyOrFull() {
    assertEquals("  ", Bar.of(Double.NaN, 2, true));
    assertEquals("  ", Bar.of(-1, 2, true));
    assertEquals("██", Bar.of(7, 2, true));
  }

  @Test
  void everyStepIsAnotherBarOfTheSameWidth() {
    Set<String> bars = new LinkedHashSet<>();
    for (int i = 0; i <= 80; i++) {
      String bar = Bar.of(i / 80.0, 10, true);
      assertEquals(10, bar.length());
      assertTrue(bars.add(bar), "step " + i + " looks like an earlier one: " + bar);
    }
  }
}
