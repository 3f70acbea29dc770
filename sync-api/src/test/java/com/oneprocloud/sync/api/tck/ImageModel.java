// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.storage.Extents;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What an image must read as: bytes and nothing else, too simple to be wrong. Copies share pages,
 * so that keeping one for every snapshot is cheap. Not thread-safe.
 */
public final class ImageModel {
  private static final int PAGE = 64 << 10;
  private static final byte[] ZEROS = new byte[PAGE];

  /** Never written to in place; bytes beyond the size are zeros. */
  private byte[][] pages;

  private long size;

  /** An image of zeros. */
  public ImageModel(long size) {
    this.size = size;
    this.pages = new byte[count(size)][];
    Arrays.fill(pages, ZEROS);
  }

  private ImageModel(ImageModel other) {
    this.size = other.size;
    this.pages = other.pages.clone();
  }

  /** The same bytes; changes of one do not show in the other. */
  public ImageModel copy() {
    return new ImageModel(this);
  }

  /** Bytes of the image. */
  public long size() {
    return size;
  }

  /** Replaces bytes. */
  public void write(long offset, byte[] bytes) {
    checkRange(offset, bytes.length);
    replace(offset, bytes.length, bytes);
  }

  /** Makes bytes zeros. */
  public void zero(long offset, long length) {
    checkRange(offset, length);
    for (long at = offset; at < offset + length; ) {
      int count = (int) Math.min(PAGE - at % PAGE, offset + length - at);
      if (count == PAGE) {
        pages[page(at)] = ZEROS;
      } else {
        replace(at, count, ZEROS);
      }
      at += count;
    }
  }

  /** Cuts, or grows with zeros. */
  public void resize(long newSize) {
    if (newSize < size) {
      zero(newSize, size - newSize);
    }
    int before = pages.length;
    pages = Arrays.copyOf(pages, count(newSize));
    if (pages.length > before) {
      Arrays.fill(pages, before, pages.length, ZEROS);
    }
    size = newSize;
  }

  /** The bytes of a range. */
  public byte[] read(long offset, int length) {
    checkRange(offset, length);
    byte[] bytes = new byte[length];
    for (int done = 0; done < length; ) {
      int within = (int) ((offset + done) % PAGE);
      int count = Math.min(PAGE - within, length - done);
      System.arraycopy(pages[page(offset + done)], within, bytes, done, count);
      done += count;
    }
    return bytes;
  }

  /**
   * The first byte in which the remaining bytes of a buffer differ from the range that starts at an
   * offset.
   *
   * @return its offset in the image, or -1 if there is none
   */
  public long mismatch(long offset, ByteBuffer actual) {
    checkRange(offset, actual.remaining());
    ByteBuffer left = actual.duplicate();
    long at = offset;
    while (left.hasRemaining()) {
      int within = (int) (at % PAGE);
      int count = Math.min(PAGE - within, left.remaining());
      int differs =
          ByteBuffer.wrap(pages[page(at)], within, count)
              .mismatch(left.slice(left.position(), count));
      if (differs >= 0) {
        return at + differs;
      }
      left.position(left.position() + count);
      at += count;
    }
    return -1;
  }

  /**
   * The first byte of a range in which another model differs; bytes beyond a model's size count as
   * zeros.
   *
   * @return its offset, or -1 if there is none
   */
  public long mismatch(ImageModel other, long from, long to) {
    for (long at = from; at < to; ) {
      int within = (int) (at % PAGE);
      int count = (int) Math.min(PAGE - within, to - at);
      byte[] mine = pageOrZeros(at);
      byte[] theirs = other.pageOrZeros(at);
      if (mine != theirs) {
        int differs = Arrays.mismatch(mine, within, within + count, theirs, within, within + count);
        if (differs >= 0) {
          return at + differs;
        }
      }
      at += count;
    }
    return -1;
  }

  /**
   * Checks a diff against the two images that it was made between.
   *
   * @param base the older image; of size 0 for a diff from nothing
   * @param end the newer image
   * @param diff what an implementation says changed
   * @param offset first byte of the range that was asked about
   * @param length bytes of that range
   * @throws AssertionError if a differing byte is missing, a ZERO extent holds data, extents are
   *     not sorted, disjoint and merged, or leave the range
   */
  public static void checkDiff(
      ImageModel base, ImageModel end, Extents diff, long offset, long length) {
    long limit = Math.min(end.size, offset + length);
    long at = offset;
    for (int i = 0; i < diff.size(); i++) {
      long from = diff.offset(i);
      long to = from + diff.length(i);
      if (from < at || to > limit) {
        throw new AssertionError(
            diff.get(i) + " is out of order or leaves [" + offset + ", " + limit + ")");
      }
      if (i > 0 && from == at && diff.isZero(i) == diff.isZero(i - 1)) {
        throw new AssertionError(diff.get(i - 1) + " and " + diff.get(i) + " are not merged");
      }
      checkSame(base, end, at, from);
      if (diff.isZero(i)) {
        long data = end.mismatch(new ImageModel(0), from, to);
        if (data >= 0) {
          throw new AssertionError(diff.get(i) + " holds data at " + data);
        }
      }
      at = to;
    }
    checkSame(base, end, at, limit);
  }

  private static void checkSame(ImageModel base, ImageModel end, long from, long to) {
    long missed = end.mismatch(base, from, to);
    if (missed >= 0) {
      throw new AssertionError("the diff misses a change at " + missed);
    }
  }

  private byte[] pageOrZeros(long offset) {
    int index = page(offset);
    return index < pages.length ? pages[index] : ZEROS;
  }

  private void replace(long offset, int length, byte[] bytes) {
    for (int done = 0; done < length; ) {
      int index = page(offset + done);
      int within = (int) ((offset + done) % PAGE);
      int count = Math.min(PAGE - within, length - done);
      byte[] page = pages[index].clone();
      System.arraycopy(bytes, done, page, within, count);
      pages[index] = page;
      done += count;
    }
  }

  private void checkRange(long offset, long length) {
    if (offset < 0 || length < 0 || offset + length > size) {
      throw new IllegalArgumentException(length + " bytes at " + offset + " of " + size);
    }
  }

  private static int page(long offset) {
    return (int) (offset / PAGE);
  }

  private static int count(long size) {
    return (int) ((size + PAGE - 1) / PAGE);
  }
}
