// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The form of an object map in RADOS, the same from Jewel to Tentacle (a {@code BitVector<2>} of
 * cls_rbd). All numbers are little endian:
 *
 * <pre>
 * u32 length of the header = 14
 *   u8 version, u8 oldest version that can read it, u32 length of the rest = 8
 *   u64 number of objects
 * 2 bits for each object, the first in the highest bits of the first byte
 * u32 length of the footer
 *   u32 CRC of the header
 *   u32 number of CRCs, then one u32 for each 4096 bytes of states
 * </pre>
 *
 * <p>The CRCs are CRC-32C that begin with 0 and are not inverted at the end.
 */
final class ObjectMapRecord {
  private static final int HEADER = 14;
  private static final int BLOCK = 4096;

  /** What the polynomial alone makes of a block of zeros, whatever the block's content. */
  private static final long WHOLE_BLOCK_OF_ZEROS = crc(new byte[BLOCK], 0, BLOCK);

  private ObjectMapRecord() {}

  /** Bytes of the record of so many objects. */
  static long length(long objects) {
    return 4 + HEADER + states(objects) + 4 + footer(objects);
  }

  private static long states(long objects) {
    return (objects + 3) / 4;
  }

  private static long footer(long objects) {
    return 4 + 4 + 4 * blocks(objects);
  }

  private static long blocks(long objects) {
    return (states(objects) + BLOCK - 1) / BLOCK;
  }

  /**
   * The states of the objects, four to a byte.
   *
   * @param record the whole record
   * @param objects how many objects it must tell of
   * @throws IllegalArgumentException if it is anything else than an undamaged record of so many
   *     objects; the message says what
   */
  static byte[] states(byte[] record, long objects) {
    check(record.length == length(objects), "it has %d bytes", record.length);
    ByteBuffer buffer = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN);
    int header = buffer.getInt();
    check(header == HEADER, "its header has %d bytes", header);
    byte version = buffer.get();
    byte oldest = buffer.get();
    check(version >= 1 && oldest == 1, "its version is %d, to be read from %d on", version, oldest);
    int rest = buffer.getInt();
    check(rest == 8, "its header goes on for %d bytes", rest);
    long told = buffer.getLong();
    check(told == objects, "it tells of %d objects", told);
    int start = buffer.position();
    int length = Math.toIntExact(states(objects));
    buffer.position(start + length);
    int footer = buffer.getInt();
    check(footer == footer(objects), "its footer has %d bytes", footer);
    check(buffer.getInt() == zeroBased(record, 4, HEADER), "the checksum of its header is wrong");
    int blocks = buffer.getInt();
    check(blocks == blocks(objects), "it has %d checksums", blocks);
    for (int i = 0; i < blocks; i++) {
      int at = i * BLOCK;
      check(
          buffer.getInt() == zeroBased(record, start + at, Math.min(BLOCK, length - at)),
          "the checksum of its block %d is wrong",
          i);
    }
    return Arrays.copyOfRange(record, start, start + length);
  }

  /**
   * Java's CRC-32C begins with all ones and inverts the result. Both are undone by what it makes of
   * as many zeros: a CRC is linear.
   */
  private static int zeroBased(byte[] bytes, int offset, int length) {
    long zeros = length == BLOCK ? WHOLE_BLOCK_OF_ZEROS : crc(new byte[length], 0, length);
    return (int) (crc(bytes, offset, length) ^ zeros);
  }

  private static long crc(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return crc.getValue();
  }

  private static void check(boolean right, String format, Object... values) {
    if (!right) {
      throw new IllegalArgumentException(String.format(java.util.Locale.ROOT, format, values));
    }
  }
}
