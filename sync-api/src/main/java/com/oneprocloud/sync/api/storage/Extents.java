// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/**
 * A sorted list of disjoint extents, neighbours of the same kind merged. Immutable and compact: 16
 * bytes an extent, whatever the number of extents.
 */
public final class Extents extends AbstractList<Extent> implements RandomAccess {
  private static final Extents NONE = new Extents(new long[0], new long[0], 0);

  /** The bit of a length word that says ZERO; lengths never use the sign bit. */
  private static final long ZERO_BIT = Long.MIN_VALUE;

  private final long[] offsets;
  private final long[] lengths;
  private final int size;

  private Extents(long[] offsets, long[] lengths, int size) {
    this.offsets = offsets;
    this.lengths = lengths;
    this.size = size;
  }

  /** No extents. */
  public static Extents none() {
    return NONE;
  }

  /** One extent. */
  public static Extents of(Extent extent) {
    return builder().add(extent).build();
  }

  /** Any extents, in any order, overlapping or not; see {@link Builder}. */
  public static Extents of(List<Extent> extents) {
    Builder builder = builder();
    extents.forEach(builder::add);
    return builder.build();
  }

  /** A builder that takes extents in any order. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public Extent get(int index) {
    return new Extent(
        offset(index), length(index), isZero(index) ? Extent.Kind.ZERO : Extent.Kind.DATA);
  }

  @Override
  public int size() {
    return size;
  }

  /** The offset of one extent, without making an object of it. */
  public long offset(int index) {
    return offsets[checked(index)];
  }

  /** The length of one extent in bytes. */
  public long length(int index) {
    return lengths[checked(index)] & ~ZERO_BIT;
  }

  /** Whether one extent is of kind ZERO. */
  public boolean isZero(int index) {
    return lengths[checked(index)] < 0;
  }

  /** The bytes of all extents of a kind. */
  public long bytes(Extent.Kind kind) {
    long sum = 0;
    for (int i = 0; i < size; i++) {
      if (isZero(i) == (kind == Extent.Kind.ZERO)) {
        sum += length(i);
      }
    }
    return sum;
  }

  /** The bytes of all extents. */
  public long bytes() {
    return bytes(Extent.Kind.DATA) + bytes(Extent.Kind.ZERO);
  }

  /** The extents inside a range, those on its border cut to it. */
  public Extents within(long offset, long length) {
    Builder builder = builder();
    long end = Math.addExact(offset, length);
    for (int i = firstEndingAfter(offset); i < size && offsets[i] < end; i++) {
      long from = Math.max(offset, offsets[i]);
      long to = Math.min(end, offsets[i] + length(i));
      if (from < to) {
        builder.add(from, to - from, isZero(i));
      }
    }
    return builder.build();
  }

  private int firstEndingAfter(long offset) {
    int low = 0;
    int high = size;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (offsets[middle] + length(middle) <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private int checked(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("extent " + index + " of " + size);
    }
    return index;
  }

  /**
   * Collects extents in any order and makes them sorted, disjoint and merged. Where extents of
   * different kinds overlap, DATA wins: data is read and so found out, zeros are believed. Not
   * thread-safe.
   */
  public static final class Builder {
    private long[] offsets = new long[16];
    private long[] lengths = new long[16];
    private int size;
    private boolean normal = true;

    private Builder() {}

    /** Adds an extent. */
    public Builder add(Extent extent) {
      return add(extent.offset(), extent.length(), extent.kind() == Extent.Kind.ZERO);
    }

    /**
     * Adds a run of bytes.
     *
     * @param offset first byte
     * @param length bytes; a run of 0 bytes is left out
     * @param zero whether the run reads as zeros
     */
    public Builder add(long offset, long length, boolean zero) {
      if (offset < 0 || length < 0 || offset + length < 0) {
        throw new IllegalArgumentException(
            "no run of bytes: offset " + offset + ", length " + length);
      }
      if (length == 0) {
        return this;
      }
      if (size > 0) {
        int last = size - 1;
        long lastEnd = offsets[last] + (lengths[last] & ~ZERO_BIT);
        if (lastEnd == offset && lengths[last] < 0 == zero) {
          lengths[last] += length;
          return this;
        }
        normal &= lastEnd <= offset;
      }
      if (size == offsets.length) {
        offsets = Arrays.copyOf(offsets, size * 2);
        lengths = Arrays.copyOf(lengths, size * 2);
      }
      offsets[size] = offset;
      lengths[size] = zero ? length | ZERO_BIT : length;
      size++;
      return this;
    }

    /** Adds all extents of a list. */
    public Builder addAll(Extents extents) {
      for (int i = 0; i < extents.size(); i++) {
        add(extents.offset(i), extents.length(i), extents.isZero(i));
      }
      return this;
    }

    /** The extents added so far, sorted, disjoint, merged. The builder can go on being used. */
    public Extents build() {
      if (size == 0) {
        return NONE;
      }
      return normal
          ? new Extents(Arrays.copyOf(offsets, size), Arrays.copyOf(lengths, size), size)
          : normalized();
    }

    private Extents normalized() {
      Union data = union(false);
      Union zero = union(true);
      Builder merged = new Builder();
      int d = 0;
      for (int z = 0; z < zero.size; z++) {
        long from = zero.from[z];
        long to = zero.to[z];
        while (from < to) {
          while (d < data.size && data.to[d] <= from) {
            merged.add(data.from[d], data.to[d] - data.from[d], false);
            d++;
          }
          if (d == data.size || data.from[d] >= to) {
            merged.add(from, to - from, true);
            break;
          }
          if (data.from[d] > from) {
            merged.add(from, data.from[d] - from, true);
          }
          from = data.to[d];
        }
      }
      for (; d < data.size; d++) {
        merged.add(data.from[d], data.to[d] - data.from[d], false);
      }
      return merged.build();
    }

    /** The runs of one kind, sorted, with overlapping and touching ones joined. */
    private Union union(boolean zero) {
      long[][] runs = new long[size][];
      int count = 0;
      for (int i = 0; i < size; i++) {
        if (lengths[i] < 0 == zero) {
          runs[count++] = new long[] {offsets[i], offsets[i] + (lengths[i] & ~ZERO_BIT)};
        }
      }
      Arrays.sort(runs, 0, count, (a, b) -> Long.compare(a[0], b[0]));
      Union union = new Union(count);
      for (int i = 0; i < count; i++) {
        if (union.size > 0 && runs[i][0] <= union.to[union.size - 1]) {
          union.to[union.size - 1] = Math.max(union.to[union.size - 1], runs[i][1]);
        } else {
          union.from[union.size] = runs[i][0];
          union.to[union.size] = runs[i][1];
          union.size++;
        }
      }
      return union;
    }
  }

  private static final class Union {
    final long[] from;
    final long[] to;
    int size;

    Union(int capacity) {
      from = new long[capacity];
      to = new long[capacity];
    }
  }
}
