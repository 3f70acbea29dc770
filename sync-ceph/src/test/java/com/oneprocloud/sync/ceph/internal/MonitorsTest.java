// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

final class MonitorsTest {
  @Test
  void tellTheProtocolOfTheWellKnownPorts() {
    assertEquals(
        "v1:10.0.0.1:6789,v2:10.0.0.2:3300,10.0.0.3:7000,10.0.0.4",
        Monitors.host(
            List.of("10.0.0.1:6789", "10.0.0.2:3300", "10.0.0.3:7000", "10.0.0.4"), true));
    assertEquals("v1:[fd00::1]:6789", Monitors.host(List.of("[fd00::1]:6789"), true));
  }

  @Test
  void leaveWhatTellsItsProtocol() {
    List<String> told = List.of("v2:10.0.0.1:6789", "[v2:10.0.0.2:3300,v1:10.0.0.2:6789]");
    assertEquals(String.join(",", told), Monitors.host(told, true));
    assertFalse(Monitors.leavesProtocolOpen(told));
    assertFalse(Monitors.leavesProtocolOpen(List.of("10.0.0.1:6789")));
    assertTrue(Monitors.leavesProtocolOpen(List.of("v1:10.0.0.1:6789", "10.0.0.1:16789")));
  }

  @Test
  void tellNoProtocolToLibrariesThatKnowNone() {
    assertEquals("10.0.0.1:6789", Monitors.host(List.of("10.0.0.1:6789"), false));
  }
}
