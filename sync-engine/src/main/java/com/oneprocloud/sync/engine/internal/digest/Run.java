// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Neighbouring blocks of which the same kind of thing is known. */
public final class Run {
  /** What is known. */
  public enum Kind {
    /** The digest of each. */
    DIGESTS(0),
    /** That all of their bytes are zero. */
    ZEROS(1),
    /** Nothing. */
    UNKNOWN(2);

    /** What stands for it in records, which are kept for years. */
    final int code;

    Kind(int code) {
      this.code = code;
    }

    static @Nullable Kind of(int code) {
      for (Kind kind : values()) {
        if (kind.code == code) {
          return kind;
        }
      }
      return null;
    }
  }

  private static final long[] NONE = {};

  private final Kind kind;
  private final long first;
  private final long count;
  private final long[] digests;

  private Run(Kind kind, long first, long count, long[] digests) {
    this.kind = kind;
    this.first = first;
    this.count = count;
    this.digests = digests;
  }

  /**
   * Blocks with digests.
   *
   * @param digests one for each block; not copied, must not change any more
   */
  static Run of(long first, long[] digests) {
    return new Run(Kind.DIGESTS, first, digests.length, digests);
  }

  /** Blocks without digests. */
  static Run of(Kind kind, long first, long count) {
    return new Run(kind, first, count, NONE);
  }

  /** What is known of the blocks. */
  public Kind kind() {
    return kind;
  }

  /** The number of the first block. */
  public long first() {
    return first;
  }

  /** How many blocks there are. */
  public long count() {
    return count;
  }

  /** The number of the block behind the last. */
  public long end() {
    return first + count;
  }

  /** The digest of a block, if the run is of that kind. */
  public long digest(long block) {
    return digests[(int) (block - first)];
  }

  /** The blocks from one on up to another, at least one. */
  Run part(long from, long to) {
    if (from == first && to == end()) {
      return this;
    }
    return kind == Kind.DIGESTS
        ? of(from, Arrays.copyOfRange(digests, (int) (from - first), (int) (to - first)))
        : of(kind, from, to - from);
  }

  @Override
  public String toString() {
    return kind + " [" + first + ", " + end() + ")";
  }
}
