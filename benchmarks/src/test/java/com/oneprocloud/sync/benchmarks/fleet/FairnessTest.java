// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class FairnessTest {
  @Test
  void equalServersOneAfterTheOtherAreNeverLate() {
    List<Fairness.Done> servers =
        List.of(new Fairness.Done(10, 2), new Fairness.Done(10, 4), new Fairness.Done(10, 6));
    assertArrayEquals(new double[] {6, 6, 6}, Fairness.ideal(servers), 1e-9);
    assertArrayEquals(new double[] {2 / 6.0, 4 / 6.0, 1}, Fairness.lateness(servers), 1e-9);
  }

  @Test
  void aSmallServerBehindALargeOneIsLate() {
    // 30 bytes in 30 seconds: both get half a byte a second, until the small one is done
    List<Fairness.Done> servers = List.of(new Fairness.Done(25, 25), new Fairness.Done(5, 30));
    assertArrayEquals(new double[] {30, 10}, Fairness.ideal(servers), 1e-9);
    assertArrayEquals(new double[] {25 / 30.0, 3}, Fairness.lateness(servers), 1e-9);
  }
}
