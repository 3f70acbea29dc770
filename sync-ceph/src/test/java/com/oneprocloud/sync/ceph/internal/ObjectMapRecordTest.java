// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class ObjectMapRecordTest {
  /** As a Pacific cluster had it: ten objects, the first of them written. */
  private static final byte[] RECORD =
      HexFormat.of()
          .parseHex(
              "0e000000"
                  + "0101080000000a00000000000000"
                  + "400000"
                  + "0c000000c644f43a01000000d98065c7");

  @Test
  void readsTheStates() {
    assertArrayEquals(new byte[] {0x40, 0, 0}, ObjectMapRecord.states(RECORD, 10));
  }

  @Test
  void refusesARecordOfOtherObjects() {
    assertThrows(IllegalArgumentException.class, () -> ObjectMapRecord.states(RECORD, 9));
    assertThrows(IllegalArgumentException.class, () -> ObjectMapRecord.states(RECORD, 13));
  }

  @Test
  void refusesDamageAnywhere() {
    for (int at = 0; at < 8 * RECORD.length; at++) {
      byte[] damaged = RECORD.clone();
      damaged[at / 8] ^= (byte) (1 << at % 8);
      assertThrows(
          IllegalArgumentException.class, () -> ObjectMapRecord.states(damaged, 10), "bit " + at);
    }
    for (int length = 0; length <= RECORD.length + 4; length++) {
      if (length != RECORD.length) {
        byte[] cut = java.util.Arrays.copyOf(RECORD, length);
        assertThrows(IllegalArgumentException.class, () -> ObjectMapRecord.states(cut, 10));
      }
    }
  }
}
