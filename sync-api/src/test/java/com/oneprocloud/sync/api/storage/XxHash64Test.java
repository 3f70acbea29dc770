// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class XxHash64Test {
  /** The buffer of the algorithm's published test vectors. */
  private static ByteBuffer sanityBuffer(int length) {
    ByteBuffer buffer = ByteBuffer.allocate(length);
    long next = 2654435761L;
    for (int i = 0; i < length; i++) {
      buffer.put(i, (byte) (next >>> 56));
      next *= 0x9E3779B185EBCA8DL;
    }
    return buffer;
  }

  @Test
  void agreesWithThePublishedVectors() {
    assertEquals(0xEF46DB3751D8E999L, XxHash64.of(sanityBuffer(0)));
    assertEquals(0xE934A84ADB052768L, XxHash64.of(sanityBuffer(1)));
    assertEquals(0x9136A0DCA57457EEL, XxHash64.of(sanityBuffer(4)));
    assertEquals(0x8282DCC4994E35C8L, XxHash64.of(sanityBuffer(14)));
    assertEquals(0xB641AE8CB691C174L, XxHash64.of(sanityBuffer(222)));
    assertEquals(0xD24EC4F1A98C6E5BL, of("a"));
    assertEquals(0x44BC2CF5AD770999L, of("abc"));
    assertEquals(0xFBCEA83C8A378BF1L, of("Nobody inspects the spammish repetition"));
  }

  private static long of(String text) {
    return XxHash64.of(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void theKindOfBufferDoesNotMatter() {
    for (int length = 0; length < 300; length++) {
      ByteBuffer heap = sanityBuffer(length);
      ByteBuffer direct = ByteBuffer.allocateDirect(length + 7).order(ByteOrder.BIG_ENDIAN);
      direct.position(7).put(heap.duplicate()).position(7);
      long digest = XxHash64.of(heap);
      assertEquals(digest, XxHash64.of(direct));
      assertEquals(digest, XxHash64.of(direct.order(ByteOrder.LITTLE_ENDIAN)));
      assertEquals(digest, XxHash64.of(direct.asReadOnlyBuffer(), 7, length));
      assertEquals(7, direct.position());
      assertEquals(length + 7, direct.limit());
    }
  }

  @Test
  void refusesBytesBeyondTheLimit() {
    ByteBuffer data = ByteBuffer.allocate(64).limit(40);
    assertThrows(IndexOutOfBoundsException.class, () -> XxHash64.of(data, 8, 33));
    assertThrows(IndexOutOfBoundsException.class, () -> XxHash64.of(data, -1, 8));
  }
}
