// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExtentsTest {
  private static final int RANGE = 200;
  private static final byte NOTHING = 0;
  private static final byte ZERO = 1;
  private static final byte DATA = 2;

  @Test
  void agreesWithABitmap() {
    Long given = Long.getLong("sync.seed");
    long seed = given != null ? given : new SplittableRandom().nextLong(1, 1L << 40);
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 5_000; round++) {
      try {
        agreesWithABitmap(random);
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("-Dsync.seed=" + seed + ", round " + round, e);
      }
    }
  }

  private static void agreesWithABitmap(SplittableRandom random) {
    byte[] bitmap = new byte[RANGE];
    Extents.Builder builder = Extents.builder();
    boolean sorted = random.nextInt(3) == 0;
    int from = 0;
    for (int n = random.nextInt(40); n > 0; n--) {
      from = sorted ? Math.min(RANGE, from + random.nextInt(12)) : random.nextInt(RANGE);
      int length = random.nextInt(0, Math.min(30, RANGE - from) + 1);
      boolean zero = random.nextBoolean();
      builder.add(from, length, zero);
      for (int i = from; i < from + length; i++) {
        bitmap[i] = zero ? (byte) Math.max(bitmap[i], ZERO) : DATA;
      }
      if (sorted) {
        from += length;
      }
    }
    Extents extents = builder.build();
    assertHolds(bitmap, extents);
    assertEquals(extents, Extents.of(List.copyOf(extents)));
    assertEquals(extents, Extents.builder().addAll(extents).build());
    assertEquals(extents.hashCode(), List.copyOf(extents).hashCode());

    int first = random.nextInt(RANGE);
    int last = random.nextInt(first, RANGE + 1);
    byte[] cut = bitmap.clone();
    Arrays.fill(cut, 0, first, NOTHING);
    Arrays.fill(cut, last, RANGE, NOTHING);
    assertHolds(cut, extents.within(first, last - first));
  }

  /** The extents are what the bitmap holds: sorted, disjoint, merged, of the right kind. */
  private static void assertHolds(byte[] bitmap, Extents extents) {
    byte[] actual = new byte[bitmap.length];
    long data = 0;
    long zero = 0;
    for (int i = 0; i < extents.size(); i++) {
      Extent extent = extents.get(i);
      assertEquals(extent.offset(), extents.offset(i));
      assertEquals(extent.length(), extents.length(i));
      assertEquals(extent.kind() == Extent.Kind.ZERO, extents.isZero(i));
      if (i > 0) {
        Extent before = extents.get(i - 1);
        assertTrue(before.end() <= extent.offset(), () -> before + " overlaps " + extent);
        assertTrue(
            before.end() < extent.offset() || before.kind() != extent.kind(),
            () -> before + " is not merged with " + extent);
      }
      Arrays.fill(
          actual, (int) extent.offset(), (int) extent.end(), extents.isZero(i) ? ZERO : DATA);
      if (extents.isZero(i)) {
        zero += extent.length();
      } else {
        data += extent.length();
      }
    }
    assertEquals(Arrays.toString(bitmap), Arrays.toString(actual));
    assertEquals(data, extents.bytes(Extent.Kind.DATA));
    assertEquals(zero, extents.bytes(Extent.Kind.ZERO));
    assertEquals(data + zero, extents.bytes());
  }

  @Test
  void aBuilderGoesOnAfterABuild() {
    Extents.Builder builder = Extents.builder().add(Extent.data(10, 5));
    Extents before = builder.build();
    Extents after = builder.add(Extent.data(15, 5)).add(Extent.zero(0, 3)).build();
    assertEquals(List.of(Extent.data(10, 5)), before);
    assertEquals(List.of(Extent.zero(0, 3), Extent.data(10, 10)), after);
  }

  @Test
  void reachesToTheEndOfLong() {
    Extent last = Extent.zero(Long.MAX_VALUE - 10, 10);
    Extents extents = Extents.of(List.of(Extent.data(Long.MAX_VALUE - 5, 2), last));
    assertEquals(
        List.of(
            Extent.zero(Long.MAX_VALUE - 10, 5),
            Extent.data(Long.MAX_VALUE - 5, 2),
            Extent.zero(Long.MAX_VALUE - 3, 3)),
        extents);
    assertEquals(
        List.of(Extent.zero(0, Long.MAX_VALUE)), Extents.of(Extent.zero(0, Long.MAX_VALUE)));
  }

  @Test
  void refusesWhatIsNoRun() {
    assertThrows(IllegalArgumentException.class, () -> Extent.data(-1, 1));
    assertThrows(IllegalArgumentException.class, () -> Extent.data(0, 0));
    assertThrows(IllegalArgumentException.class, () -> Extent.zero(Long.MAX_VALUE, 1));
    Extents.Builder builder = Extents.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.add(-1, 1, false));
    assertThrows(IllegalArgumentException.class, () -> builder.add(0, -1, false));
    assertThrows(IllegalArgumentException.class, () -> builder.add(1, Long.MAX_VALUE, false));
    assertSame(Extents.none(), builder.add(7, 0, true).build());
  }

  @Test
  void refusesAnIndexBeyondItsSize() {
    Extents one = Extents.of(Extent.data(0, 1));
    assertThrows(IndexOutOfBoundsException.class, () -> one.get(1));
    assertThrows(IndexOutOfBoundsException.class, () -> one.offset(1));
    assertThrows(IndexOutOfBoundsException.class, () -> one.length(-1));
    assertThrows(IndexOutOfBoundsException.class, () -> one.isZero(1));
    assertTrue(Extents.none().isEmpty());
    assertFalse(one.isEmpty());
  }
}
