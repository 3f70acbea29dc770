// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/**
 * The digests of some ranges of an image or a replica, block by block: the ranges, those that touch
 * joined, are cut at multiples of {@link #BLOCK}, and each piece has the {@link XxHash64} of its
 * bytes. A hole counts as the zeros that it reads as.
 *
 * <p>Equal digests mean equal bytes with the certainty of a 64-bit digest that knows of accidents
 * only: whoever needs more compares the bytes. Immutable, thread-safe; 8 bytes a block.
 */
public final class BlockDigests {
  /** Bytes of a block: 64 KiB. */
  public static final int BLOCK = 64 << 10;

  private static final ByteBuffer ZEROS = ByteBuffer.allocateDirect(BLOCK).asReadOnlyBuffer();
  private static final long ZERO_BLOCK = XxHash64.of(ZEROS);

  private final Extents ranges;
  private final long[] digests;
  private final long bytesRead;

  /**
   * Digests that were worked out somewhere.
   *
   * @param ranges what they are of; kinds are ignored
   * @param digests one for each block, in ascending order; not copied, must not change any more
   * @param bytesRead bytes of data that were carried to this process for it; 0 if the digests alone
   *     were
   */
  public BlockDigests(Extents ranges, long[] digests, long bytesRead) {
    this.ranges = Objects.requireNonNull(ranges, "ranges");
    this.digests = Objects.requireNonNull(digests, "digests");
    this.bytesRead = bytesRead;
    if (digests.length != count(ranges) || bytesRead < 0) {
      throw new IllegalArgumentException(
          digests.length
              + " digests for "
              + count(ranges)
              + " blocks, "
              + bytesRead
              + " bytes read");
    }
  }

  /**
   * The digests of bytes in a buffer.
   *
   * @param ranges where the bytes are in the image
   * @param data the bytes of all ranges one behind the other, from the position on; left as it is
   * @return digests that no data was read for
   */
  public static BlockDigests of(Extents ranges, ByteBuffer data) {
    long[] digests = new long[count(ranges)];
    int start = data.position();
    int[] at = {start};
    cut(
        ranges,
        (index, offset, length) -> {
          digests[index] = XxHash64.of(data, at[0], length);
          at[0] += length;
        });
    return new BlockDigests(ranges, digests, 0);
  }

  /**
   * Works digests out by reading, a piece at a time.
   *
   * @param ranges what to read
   * @param scratch memory for the data: a direct buffer with at least {@link #BLOCK} bytes
   *     remaining, of which all are used; belongs to the reading until the future completes, its
   *     position and limit are left as they are
   * @param reader reads ranges into a buffer, as {@link SnapshotReader#read(Extents, ByteBuffer)}
   *     does
   * @throws IllegalArgumentException if the buffer is not direct or too small
   */
  public static CompletableFuture<BlockDigests> reading(
      Extents ranges, ByteBuffer scratch, Reader reader) {
    checkScratch(scratch);
    DigestReading reading = new DigestReading(ranges, scratch, reader);
    reading.start();
    return reading.future();
  }

  /**
   * Refuses memory that digests cannot be worked out in.
   *
   * @throws IllegalArgumentException if the buffer is not direct or too small
   */
  public static void checkScratch(ByteBuffer scratch) {
    if (!scratch.isDirect() || scratch.isReadOnly() || scratch.remaining() < BLOCK) {
      throw new IllegalArgumentException(
          "digests need a direct buffer with " + BLOCK + " bytes remaining: " + scratch);
    }
  }

  /** The digest of so many zeros, of {@link #BLOCK} at the most. */
  public static long ofZeros(int length) {
    return length == BLOCK ? ZERO_BLOCK : XxHash64.of(ZEROS, 0, length);
  }

  /** How many blocks ranges are cut into. */
  public static int count(Extents ranges) {
    long count = 0;
    long end = -1;
    for (int i = 0; i < ranges.size(); i++) {
      long offset = ranges.offset(i);
      boolean sameBlock = offset == end && offset % BLOCK != 0;
      end = offset + ranges.length(i);
      count += (end - 1) / BLOCK - offset / BLOCK + (sameBlock ? 0 : 1);
    }
    return Math.toIntExact(count);
  }

  /** Cuts ranges into blocks and visits them in ascending order. */
  public static void cut(Extents ranges, BlockVisitor visitor) {
    int index = 0;
    for (int i = 0; i < ranges.size(); i++) {
      long at = ranges.offset(i);
      long end = at + ranges.length(i);
      while (i + 1 < ranges.size() && ranges.offset(i + 1) == end) {
        i++;
        end += ranges.length(i);
      }
      for (; at < end; index++) {
        int length = (int) Math.min(BLOCK - at % BLOCK, end - at);
        visitor.block(index, at, length);
        at += length;
      }
    }
  }

  /** What the digests are of. */
  public Extents ranges() {
    return ranges;
  }

  /** How many blocks there are. */
  public int count() {
    return digests.length;
  }

  /** The digest of a block. */
  public long digest(int index) {
    return digests[index];
  }

  /** Bytes of data that were carried to this process to work the digests out. */
  public long bytesRead() {
    return bytesRead;
  }

  /**
   * The blocks whose digests are others.
   *
   * @param other digests of the same ranges
   * @return extents of kind DATA, neighbours merged
   * @throws IllegalArgumentException if they are of other ranges
   */
  public Extents differing(BlockDigests other) {
    if (!other.ranges.equals(ranges)) {
      throw new IllegalArgumentException("digests of other ranges");
    }
    Extents.Builder differing = Extents.builder();
    cut(
        ranges,
        (index, offset, length) -> {
          if (digests[index] != other.digests[index]) {
            differing.add(offset, length, false);
          }
        });
    return differing.build();
  }

  @Override
  public String toString() {
    return digests.length + " digests of " + ranges.bytes() + " bytes";
  }

  /** Sees blocks. */
  @FunctionalInterface
  public interface BlockVisitor {
    /**
     * Sees one.
     *
     * @param index its number, from 0
     * @param offset first byte
     * @param length bytes; at most {@link BlockDigests#BLOCK}
     */
    void block(int index, long offset, int length);
  }

  /** Reads ranges of an image. */
  @FunctionalInterface
  public interface Reader {
    /** Starts to read them into a buffer one behind the other. */
    CompletableFuture<Void> read(Extents ranges, ByteBuffer into);
  }
}
