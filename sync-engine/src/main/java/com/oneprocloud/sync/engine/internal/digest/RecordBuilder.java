// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import org.jspecify.annotations.Nullable;

/** Puts runs into a record, and between them what others say of the blocks. Not thread-safe. */
public final class RecordBuilder {
  private final RunWriter writer;
  private final Runs between;
  private final long blocks;
  private @Nullable Run other;
  private long next;

  /**
   * A builder.
   *
   * @param between of blocks that no run is added of; stays the caller's
   * @param blocks how many there are; nothing is said of others
   */
  public RecordBuilder(RunWriter writer, Runs between, long blocks) {
    this.writer = writer;
    this.between = between;
    this.blocks = blocks;
    this.other = between.next();
  }

  /** Adds a run that does not begin before one that was added; it may overlap those. */
  public void add(Run run) {
    if (run.end() > next) {
      fill(run.first());
      writer.add(run.part(Math.max(run.first(), next), run.end()));
      next = run.end();
    }
  }

  /** Ends the record. */
  public void end() {
    fill(blocks);
    writer.end();
  }

  private void fill(long to) {
    while (other != null && other.first() < to) {
      long from = Math.max(other.first(), next);
      long end = Math.min(other.end(), to);
      if (from < end) {
        writer.add(other.part(from, end));
        next = end;
      }
      if (other.end() > to) {
        return;
      }
      other = between.next();
    }
  }
}
