// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.Extents;

/**
 * Remembers extents in bounded memory: when there are too many, near ones are joined, so that it
 * may name more bytes than it was given but never fewer. Takes extents in ascending order. Not
 * thread-safe.
 */
public final class ExtentLog {
  /** The most extents kept: 4 MiB of memory and about 8 MiB of record. */
  private static final int MOST = 1 << 18;

  private final int most;
  private Extents.Builder log = Extents.builder();
  private int count;
  private long gap = 32 << 10;

  /** An empty log. */
  public ExtentLog() {
    this(MOST);
  }

  ExtentLog(int most) {
    this.most = most;
  }

  /** Adds extents that follow those added before. */
  public void add(Extents extents) {
    log.addAll(extents);
    count += extents.size();
    while (count > most) {
      Extents joined = join(log.build(), gap);
      log = Extents.builder().addAll(joined);
      count = joined.size();
      gap *= 2;
    }
  }

  /** What was added, or more. */
  public Extents extents() {
    return log.build();
  }

  private static Extents join(Extents extents, long gap) {
    Extents.Builder joined = Extents.builder();
    int i = 0;
    while (i < extents.size()) {
      long from = extents.offset(i);
      long end = from + extents.length(i);
      boolean zero = extents.isZero(i);
      for (i++; i < extents.size() && extents.offset(i) - end <= gap; i++) {
        zero &= extents.isZero(i) && extents.offset(i) == end;
        end = extents.offset(i) + extents.length(i);
      }
      joined.add(from, end - from, zero);
    }
    return joined.build();
  }
}
