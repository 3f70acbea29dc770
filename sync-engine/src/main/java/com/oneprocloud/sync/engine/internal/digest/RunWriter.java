// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.engine.internal.chain.ManifestRecord;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * Writes runs to a record of digests; neighbours of a kind are joined, so that what is written
 * depends on what is known of the blocks only, not on the runs that told it. Not thread-safe.
 *
 * <p>The form, all numbers big-endian: {@link #HEADER}; bytes of the image, 8 bytes; bytes of a
 * block, 4 bytes; then for each run its kind, 1 byte, how many blocks it has, 7 bytes, the number
 * of the first, 8 bytes, and if it has digests 8 bytes for each block.
 */
public final class RunWriter {
  /** How a record begins: 7 letters and the format. */
  static final long HEADER = 0x53594e4344494701L;

  /** The most digests in a run, so that it fits into memory. */
  static final int MOST_DIGESTS = 8 << 10;

  private static final int RUN_HEAD = 16;

  /** A run of so many zeros takes less room than their digests. */
  private static final int FEW_ZEROS = 4;

  private final DigestOutput output;
  private final long size;
  private final MessageDigest sha256 = ManifestRecord.sha256();
  private final ByteBuffer buffer = ByteBuffer.allocate(RUN_HEAD + 8 * MOST_DIGESTS);
  private final long[] held = new long[MOST_DIGESTS];
  private Run.@Nullable Kind kind;
  private long first;
  private long count;

  /** How many zeros the run of digests that is held ends with. */
  private int zeros;

  private long bytes;

  /**
   * Begins a record.
   *
   * @param output stays the caller's, to be finished after {@link #end}
   * @param size bytes of the image
   */
  public RunWriter(DigestOutput output, long size) {
    this.output = output;
    this.size = size;
    buffer.putLong(HEADER).putLong(size).putInt(BlockDigests.BLOCK);
    flush();
  }

  /** The most bytes of a record of digests of so many blocks in so many runs. */
  public static long most(long blocks, long runs) {
    return 20 + RUN_HEAD * (runs + blocks / MOST_DIGESTS + 1) + 8 * blocks;
  }

  /** Adds a run behind those that were added. */
  void add(Run run) {
    if (run.kind() == Run.Kind.DIGESTS) {
      for (long block = run.first(); block < run.end(); block++) {
        add(block, run.digest(block));
      }
    } else if (run.kind() == Run.Kind.ZEROS) {
      // one by one, until those before them are of one run with them
      long few = Math.min(run.count(), FEW_ZEROS);
      for (long block = run.first(); block < run.first() + few; block++) {
        add(block, zeros(block));
      }
      count += run.count() - few;
    } else {
      begin(run.kind(), run.first(), false);
      count += run.count();
    }
  }

  private void add(long block, long digest) {
    boolean zero = digest == zeros(block);
    if (zero && kind == Run.Kind.ZEROS && first + count == block) {
      count++;
      return;
    }
    begin(Run.Kind.DIGESTS, block, count == MOST_DIGESTS);
    held[(int) count++] = digest;
    zeros = zero ? zeros + 1 : 0;
    if (zeros == FEW_ZEROS) {
      count -= FEW_ZEROS;
      endRun();
      kind = Run.Kind.ZEROS;
      first = block + 1 - FEW_ZEROS;
      count = FEW_ZEROS;
      zeros = 0;
    }
  }

  private long zeros(long block) {
    return BlockDigests.ofZeros(Blocks.length(block, size));
  }

  /** Goes on with the run that is held, or begins another. */
  private void begin(Run.Kind what, long from, boolean full) {
    if (kind != what || first + count != from || full) {
      endRun();
      kind = what;
      first = from;
      count = 0;
      zeros = 0;
    }
  }

  private void endRun() {
    if (kind == null || count == 0) {
      return;
    }
    buffer.putLong((long) kind.code << 56 | count).putLong(first);
    if (kind == Run.Kind.DIGESTS) {
      buffer.asLongBuffer().put(held, 0, (int) count);
      buffer.position(buffer.position() + 8 * (int) count);
    }
    flush();
  }

  private void flush() {
    buffer.flip();
    bytes += buffer.remaining();
    sha256.update(buffer.duplicate());
    output.write(buffer);
    buffer.clear();
  }

  /** Writes what is held, the last thing to be done. */
  void end() {
    endRun();
    kind = null;
  }

  /** Bytes written. */
  public long bytes() {
    return bytes;
  }

  /** The SHA-256 of what was written, in hexadecimal; can be asked once. */
  public String sha256() {
    return HexFormat.of().formatHex(sha256.digest());
  }
}
