// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * An image as it was at one snapshot. What it reads never changes, whatever happens to the image,
 * for as long as the snapshot exists.
 *
 * <p>Thread-safe. Use after {@link #close} throws {@link IllegalStateException}; closing twice does
 * nothing. {@code close} waits for reads under way, so that no buffer is written to after it
 * returned.
 */
public interface SnapshotReader extends AutoCloseable {
  /** The snapshot that is read. */
  Snapshot snapshot();

  /** Bytes of the image at the snapshot. */
  long size();

  /** How the image is cut into objects. */
  Layout layout();

  /** The parent at the snapshot, if the image was a clone then. */
  Optional<ParentLink> parent();

  /**
   * What changed in a range since a base, exactly (byte extents from the cluster's own records of
   * writes, not from object maps).
   *
   * <p>Complete: every byte of the range that differs between base and this snapshot is in an
   * extent. May hold more: bytes written with the content they had. Bytes that the base does not
   * have (the image grew) count as zeros in the base. With no base, the extents cover everything
   * that is not a hole, data of parents included. An extent of kind ZERO reads as zeros at this
   * snapshot.
   *
   * @param base the older snapshot, found by its id; null to compare with an image of zeros
   * @param offset first byte of the range; a multiple of {@link Layout#period}
   * @param length bytes of the range; what lies beyond {@link #size} is left out
   * @return sorted, disjoint, merged extents inside the range
   * @throws NotFoundException if the base does not exist any more
   * @throws IllegalArgumentException if the base is newer than this snapshot or the offset is not
   *     aligned
   * @throws SyncException if the cluster fails; nothing is to be concluded from a failed diff
   */
  Extents diff(@Nullable Snapshot base, long offset, long length);

  /**
   * What changed in several ranges since a base: {@link #diff(Snapshot, long, long)} of each of
   * them, cheaper than one by one.
   *
   * @param base the older snapshot; null to compare with an image of zeros
   * @param ranges whole objects: offsets and ends are multiples of {@link Layout#period}, or the
   *     end is that of the image; kinds are ignored
   * @return sorted, disjoint, merged extents inside the ranges
   */
  default Extents diff(@Nullable Snapshot base, Extents ranges) {
    Extents.Builder all = Extents.builder();
    for (int i = 0; i < ranges.size(); i++) {
      all.addAll(diff(base, ranges.offset(i), ranges.length(i)));
    }
    return all.build();
  }

  /**
   * Which of some objects were written to between a base and this snapshot, whatever was written:
   * told by the storage itself, from the versions of the objects. A write of the bytes that were
   * there counts, as does a roll back, which writes to every object that exists.
   *
   * @param base the older snapshot, found by its id; null for a time when no object existed
   * @param objects numbers of objects, from 0
   * @return those of them that were written to, made or removed, in the order given
   * @throws NotFoundException if the base does not exist any more
   * @throws IllegalArgumentException if the base is newer than this snapshot
   * @throws UnsupportedException if this storage cannot tell
   */
  default List<Long> writtenSince(@Nullable Snapshot base, List<Long> objects) {
    throw new UnsupportedException(
        SyncException.failed("compare objects", snapshot())
            .because("this storage does not tell versions of objects"));
  }

  /**
   * Starts reading ranges into a buffer, one behind the other without gaps.
   *
   * <p>The buffer belongs to the reader until the future completes, normally or not; nothing may
   * touch it before. It is filled from its position as it is at the call; position and limit are
   * left as they are. The future completes on a thread of the cluster: dependent stages must not
   * block there. It completes exceptionally with a {@link SyncException} if a single byte could not
   * be read; a short read is an error. Cancelling the future does not stop the read.
   *
   * @param ranges what to read; kinds are ignored, every range lies within [0, {@link #size})
   * @param into a direct buffer whose remaining bytes are at least the sum of the ranges' lengths
   * @return completes when all bytes are in the buffer
   * @throws IllegalArgumentException if the buffer is not direct or too small, or a range leaves
   *     the image
   */
  CompletableFuture<Void> read(Extents ranges, ByteBuffer into);

  /**
   * Starts reading one range: {@link #read(Extents, ByteBuffer)} of {@code into.remaining()} bytes
   * from an offset.
   *
   * @param offset first byte
   * @param into a direct buffer
   * @return completes when the buffer is full
   */
  default CompletableFuture<Void> read(long offset, ByteBuffer into) {
    return into.hasRemaining()
        ? read(Extents.of(Extent.data(offset, into.remaining())), into)
        : CompletableFuture.completedFuture(null);
  }

  /**
   * Whether {@link #digests} are worked out where the data is, so that next to none of it moves. A
   * cluster may turn out not to be able to when it is asked for the first time: then false from
   * then on.
   */
  default boolean digestsInPlace() {
    return false;
  }

  /**
   * Starts working out the digests of ranges, block by block. What cannot be worked out where the
   * data is (see {@link #digestsInPlace}) is read and digested here; {@link BlockDigests#bytesRead}
   * tells how much that was.
   *
   * <p>The future completes as that of {@link #read(Extents, ByteBuffer)} does, and with the same
   * errors.
   *
   * @param ranges what to digest, a few megabytes at a time; kinds are ignored, every range lies
   *     within [0, {@link #size})
   * @param scratch memory for what has to be read: a direct buffer with at least {@link
   *     BlockDigests#BLOCK} bytes remaining, the more the faster; belongs to the reader until the
   *     future completes, its position and limit are left as they are
   * @return the digests
   * @throws IllegalArgumentException if the buffer is not direct or too small, or a range leaves
   *     the image
   */
  default CompletableFuture<BlockDigests> digests(Extents ranges, ByteBuffer scratch) {
    if (!ranges.isEmpty() && ranges.get(ranges.size() - 1).end() > size()) {
      throw new IllegalArgumentException(
          ranges.get(ranges.size() - 1) + " leaves the image of " + size() + " bytes");
    }
    return BlockDigests.reading(ranges, scratch, this::read);
  }

  @Override
  void close();
}
