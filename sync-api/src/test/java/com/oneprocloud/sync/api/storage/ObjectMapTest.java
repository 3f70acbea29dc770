// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ObjectMapTest {
  @Test
  void hasFourObjectsToAByteTheFirstInTheHighestBits() {
    ObjectMap map = ObjectMap.of(5, true, new byte[] {0b00_01_10_11, (byte) 0b11_00_00_00});
    assertEquals(
        List.of(
            ObjectState.NONEXISTENT,
            ObjectState.EXISTS,
            ObjectState.PENDING,
            ObjectState.EXISTS_CLEAN,
            ObjectState.EXISTS_CLEAN),
        LongStream.range(0, 5).mapToObj(map::state).toList());
    assertEquals(1, map.words());
    assertEquals(0b00_01_10_11_11L << 54, map.word(0));
    assertThrows(IndexOutOfBoundsException.class, () -> map.state(5));
  }

  @Test
  void whatIsBehindTheLastObjectDoesNotCount() {
    ObjectMap map = ObjectMap.of(3, true, new byte[] {0b01_01_01_11});
    assertEquals(0b01_01_01L << 58, map.word(0));
    assertEquals(ObjectMap.of(3, true, new byte[] {0b01_01_01_00}), map);
    assertNotEquals(ObjectMap.of(3, false, new byte[] {0b01_01_01_00}), map);
    assertFalse(ObjectMap.of(0, false, new byte[0]).valid());
  }

  @Test
  void refusesBytesThatDoNotFit() {
    assertThrows(IllegalArgumentException.class, () -> ObjectMap.of(5, true, new byte[1]));
    assertThrows(IllegalArgumentException.class, () -> ObjectMap.of(4, true, new byte[2]));
  }
}
