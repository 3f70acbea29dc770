// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.target;

import com.oneprocloud.sync.api.TargetException;
import java.nio.ByteBuffer;

/**
 * What a target holds of a disk, opened for one run.
 *
 * <p>{@link #write}, {@link #zero} and {@link #read} may be called by several threads at once for
 * ranges that do not overlap, and {@link #flush} beside them: it covers the writes that had
 * returned before it was called. The other methods are called by one thread while no other call is
 * under way. Every method blocks, does all or throws, and throws {@link TargetException} if the
 * target fails. After a failed {@link #flush} nothing written since the flush before may be relied
 * on, and the replica must not be flushed again.
 */
public interface Replica extends AutoCloseable {
  /** The state that was recorded last. */
  ReplicaState state();

  /** Records a state. Durable on return, and only after everything flushed before it. */
  void mark(ReplicaState state);

  /** Bytes that it holds now. */
  long size();

  /**
   * Changes the size. Bytes gained read as zeros.
   *
   * @throws TargetException if the target cannot hold that many
   */
  void resize(long size);

  /**
   * Forgets the content and changes the size.
   *
   * @return whether every byte reads as zero now; if not, the content is undefined and the caller
   *     has to write it all
   */
  boolean clear(long size);

  /**
   * Whether {@link #clear} leaves zeros; always the same answer for a replica, so that a run that
   * is taken up again can tell.
   */
  boolean clearsToZero();

  /**
   * Writes all remaining bytes of a buffer.
   *
   * @param offset first byte of the replica
   * @param data stays the caller's; its position is at its limit afterwards
   */
  void write(long offset, ByteBuffer data);

  /** Makes a range read as zeros, without using space for it where the target can. */
  void zero(long offset, long length);

  /**
   * Fills all remaining bytes of a buffer.
   *
   * @param offset first byte of the replica
   * @param into stays the caller's; its position is at its limit afterwards
   */
  void read(long offset, ByteBuffer into);

  /** Makes everything written before durable. */
  void flush();

  /**
   * A text that stays the same for as long as writes that were not flushed cannot have been lost.
   * The boot of the machine, for a file: a killed process loses nothing that it wrote, a power
   * failure does.
   */
  String epoch();

  @Override
  void close();
}
