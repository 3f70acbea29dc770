// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.UnsupportedException;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class CapabilitiesTest {
  @Test
  void sayWhichReleaseIsNeeded() {
    Capabilities old = new Capabilities("3.0.0", "1.16.0", Set.of(Capability.CHECKSUM));
    old.require(Capability.CHECKSUM, "verify", "volumes/a");
    UnsupportedException refused =
        assertThrows(
            UnsupportedException.class,
            () -> old.require(Capability.DIFF_BY_ID, "diff", "volumes/a@b"));
    assertEquals("volumes/a@b", refused.subject());
    assertTrue(refused.getMessage().contains("rbd_diff_iterate3"), refused.getMessage());
    assertTrue(refused.getMessage().contains("Reef 18.2.5"), refused.getMessage());
    assertTrue(refused.getMessage().contains("1.16.0"), refused.getMessage());
  }

  @Test
  void eachHasASymbolOfItsOwn() {
    long symbols = Arrays.stream(Capability.values()).map(Capability::symbol).distinct().count();
    assertEquals(Capability.values().length, symbols);
  }
}
