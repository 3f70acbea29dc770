// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class ScratchTest {
  private final NativeBalance balance = new NativeBalance();

  @AfterEach
  void nothingIsLeft() {
    assertEquals(0, balance.total(), balance::toString);
  }

  @Test
  void handsOutZeroedMemoryOfAnySize() {
    try (Scratch scratch = new Scratch(balance)) {
      for (long size : new long[] {1, 8, 9, 500, 512, 513, 1 << 20, 3}) {
        long address = scratch.bytes(size);
        assertEquals(0, address % 8);
        assertArrayEquals(new byte[(int) size], Scratch.bytesAt(address, (int) size));
        Scratch.putLong(address, -1);
      }
      assertTrue(balance.count(NativeBalance.Kind.MEMORY) > 1);
    }
  }

  @Test
  void keepsNeighboursApart() {
    try (Scratch scratch = new Scratch(balance)) {
      long one = scratch.slot();
      long two = scratch.slot();
      Scratch.putLong(one, Long.MIN_VALUE + 5);
      Scratch.putInt(two, -7);
      assertEquals(Long.MIN_VALUE + 5, Scratch.longAt(one));
      assertEquals(-7, Scratch.intAt(two));
      assertEquals(5, Scratch.byteAt(one));
    }
  }

  @Test
  void writesTextsAsUtf8() {
    try (Scratch scratch = new Scratch(balance)) {
      String text = "Grün-\u65e5-\ud83d\ude00";
      long address = scratch.text(text);
      byte[] encoded = text.getBytes(UTF_8);
      assertEquals(text, Scratch.textAt(address));
      assertEquals(0, Scratch.byteAt(address + encoded.length));
      assertEquals("", Scratch.textAt(0));
      assertEquals("", Scratch.textAt(scratch.text("")));
    }
  }

  @Test
  void readsListsOfTexts() {
    try (Scratch scratch = new Scratch(balance)) {
      long two = scratch.text("one\0two\0\0\0");
      assertEquals(List.of("one", "two"), Scratch.textsAt(two, 10));
      assertEquals(List.of("one", "two"), Scratch.textsAt(two, 8));
      assertEquals(List.of(), Scratch.textsAt(scratch.slot(), 8));
      assertEquals(List.of(), Scratch.textsAt(scratch.slot(), 0));
    }
  }

  @Test
  void wipesSecrets() {
    try (Scratch scratch = new Scratch(balance)) {
      long address = scratch.secret("AQ==".toCharArray());
      assertEquals("AQ==", Scratch.textAt(address));
      Scratch.wipe(address, 4);
      assertArrayEquals(new byte[4], Scratch.bytesAt(address, 4));
    }
  }

  @Test
  void findsWhereABufferIs() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(64);
    buffer.put(10, (byte) 42);
    buffer.position(10);
    assertEquals(42, Scratch.byteAt(Scratch.addressOf(buffer)));
    assertEquals(42, Scratch.byteAt(Scratch.addressOf(buffer.slice())));
  }
}
