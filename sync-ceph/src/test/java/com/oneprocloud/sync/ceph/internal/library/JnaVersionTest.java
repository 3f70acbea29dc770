// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.UnsupportedException;
import com.sun.jna.Native;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class JnaVersionTest {
  @ParameterizedTest
  @ValueSource(strings = {"5.18.1", "5.19.0", "5.20.1-SNAPSHOT", "6.0.0", "5.18.1 (b2)"})
  void goodEnough(String version) {
    JnaVersion.check(version);
  }

  @Test
  void theOneOfThisBuildIs() {
    JnaVersion.check(Native.VERSION);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.18.0", "5.17.1", "5.2.0", "4.5.2"})
  void tooOld(String version) {
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> JnaVersion.check(version));
    assertTrue(refused.getMessage().contains(version), refused.getMessage());
    assertTrue(refused.getMessage().contains("5.18.1 or later"), refused.getMessage());
  }
}
