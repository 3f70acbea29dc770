// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.CephLab;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** A run with another client release is one only if that release's librbd was really loaded. */
@EnabledIfEnvironmentVariable(named = "SYNC_LAB_CLIENT", matches = ".+")
final class ClientReleaseIT {
  private static final Map<String, String> LIBRBD =
      Map.of("nautilus", "1.12.", "pacific", "1.16.", "reef", "1.18.", "tentacle", "1.20.");

  @Test
  void theLibraryIsTheReleasesOwn() {
    String version = LIBRBD.get(System.getenv("SYNC_LAB_CLIENT"));
    assertNotNull(version, "unknown release");
    CephConfig config = CephConfig.fromFile(CephLab.start().conf(), "client.sync-reader");
    try (CephCluster cluster = CephCluster.connect(config)) {
      String librbd = cluster.capabilities().librbd();
      assertTrue(librbd.startsWith(version), librbd);
    }
  }
}
