// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * XXH64 with seed 0, the digest that Ceph's OSDs can work out themselves.
 *
 * <p>It tells whether bytes were changed by accident: two that differ have the same digest with a
 * probability of 1 in 2<sup>64</sup>. It is no defence against somebody who makes them so on
 * purpose.
 */
public final class XxHash64 {
  private static final long PRIME_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME_3 = 0x165667B19E3779F9L;
  private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME_5 = 0x27D4EB2F165667C5L;

  /** The sum of the first two primes, modulo 2<sup>64</sup>. */
  private static final long START = 0x60EA27EEADC0B5D6L;

  private XxHash64() {}

  /**
   * The digest of a buffer's bytes from its position to its limit.
   *
   * @param data a heap or direct buffer; left as it is
   */
  public static long of(ByteBuffer data) {
    return of(data, data.position(), data.remaining());
  }

  /**
   * The digest of some bytes of a buffer.
   *
   * @param data a heap or direct buffer; left as it is
   * @param from index of the first byte
   * @param length bytes
   * @throws IndexOutOfBoundsException if they are not within the buffer's limit
   */
  public static long of(ByteBuffer data, int from, int length) {
    ByteBuffer bytes = data.slice(from, length).order(ByteOrder.LITTLE_ENDIAN);
    int at = 0;
    long hash;
    if (length >= 32) {
      long a = START;
      long b = PRIME_2;
      long c = 0;
      long d = -PRIME_1;
      for (; at <= length - 32; at += 32) {
        a = round(a, bytes.getLong(at));
        b = round(b, bytes.getLong(at + 8));
        c = round(c, bytes.getLong(at + 16));
        d = round(d, bytes.getLong(at + 24));
      }
      hash =
          Long.rotateLeft(a, 1)
              + Long.rotateLeft(b, 7)
              + Long.rotateLeft(c, 12)
              + Long.rotateLeft(d, 18);
      hash = merge(merge(merge(merge(hash, a), b), c), d);
    } else {
      hash = PRIME_5;
    }
    return avalanche(tail(hash + length, bytes, at));
  }

  /** Mixes in what is left behind the last 32 bytes. */
  private static long tail(long soFar, ByteBuffer bytes, int from) {
    long hash = soFar;
    int at = from;
    for (; at <= bytes.limit() - 8; at += 8) {
      hash ^= round(0, bytes.getLong(at));
      hash = Long.rotateLeft(hash, 27) * PRIME_1 + PRIME_4;
    }
    if (at <= bytes.limit() - 4) {
      hash ^= Integer.toUnsignedLong(bytes.getInt(at)) * PRIME_1;
      hash = Long.rotateLeft(hash, 23) * PRIME_2 + PRIME_3;
      at += 4;
    }
    for (; at < bytes.limit(); at++) {
      hash ^= Byte.toUnsignedLong(bytes.get(at)) * PRIME_5;
      hash = Long.rotateLeft(hash, 11) * PRIME_1;
    }
    return hash;
  }

  private static long round(long lane, long input) {
    return Long.rotateLeft(lane + input * PRIME_2, 31) * PRIME_1;
  }

  private static long merge(long hash, long lane) {
    return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
  }

  private static long avalanche(long mixed) {
    long hash = (mixed ^ mixed >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }
}
