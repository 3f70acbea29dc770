// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.transfer.ExtentLog;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.Suspects;

/** Records progress as a transfer goes on, and flushes the replica by period. */
final class TransferJournal implements Pipeline.Checkpoint {
  /**
   * Progress is recorded whenever this much was moved, or found to be there already, so that a
   * killed process loses little.
   */
  private static final long JOURNAL_BYTES = 8 << 20;

  private final OpenDisk disk;
  private final Pipeline pipeline;
  private final PassProgress progress;
  private final long size;
  private final String epoch;
  private final ExtentLog log = new ExtentLog();
  private long flushed;
  private long spared;
  private long journaledBytes;
  private long lastFlush = System.nanoTime();

  /**
   * A journal of one pass.
   *
   * @param suspects what is to be found different before it counts as done
   * @param size bytes of the image
   * @param start where the pass starts
   * @param epoch the replica's epoch when it started
   */
  TransferJournal(
      OpenDisk disk, Pipeline pipeline, Suspects suspects, long size, long start, String epoch) {
    this.disk = disk;
    this.pipeline = pipeline;
    this.progress = new PassProgress(disk, Phase.TRANSFER, pipeline, suspects, size);
    this.size = size;
    this.flushed = start;
    this.epoch = epoch;
  }

  @Override
  public void range(RangeSource.Range range) {
    // what was found to be there may have been written by an earlier try of this run
    log.add(range.covers());
    spared += range.spared();
  }

  @Override
  public void reached(long done) {
    progress.reached(done);
    long now = System.nanoTime();
    if (now - lastFlush >= disk.resources().settings.flushPeriod().toNanos()) {
      flush();
      flushed = done;
      lastFlush = System.nanoTime();
      record(done, true);
    } else if (pipeline.bytesRead() + spared - journaledBytes >= JOURNAL_BYTES) {
      record(done, false);
    }
  }

  /** Flushes what is left. */
  void end() {
    flush();
    flushed = size;
    record(size, true);
  }

  /** What the pass carried, or more. */
  Extents extents() {
    return log.extents();
  }

  private void flush() {
    long began = System.nanoTime();
    try {
      disk.replica().flush();
      disk.resources().meter.flushes.add(0, System.nanoTime() - began);
    } catch (RuntimeException e) {
      // whatever was written since the flush before may be gone, whatever the epoch says
      try {
        disk.record(new RunProgress(flushed, flushed, epoch), true);
      } catch (RuntimeException suppressed) {
        e.addSuppressed(suppressed);
        giveUp(e);
      }
      throw e;
    }
  }

  /**
   * On a full disk a record can still be removed. Then nobody takes the run up, and all of the
   * replica is compared.
   */
  private void giveUp(RuntimeException failure) {
    try {
      disk.resources().chains.abandon(disk.lease().lease());
    } catch (RuntimeException suppressed) {
      failure.addSuppressed(suppressed);
    }
  }

  private void record(long done, boolean durable) {
    journaledBytes = pipeline.bytesRead() + spared;
    disk.record(new RunProgress(Math.max(done, flushed), flushed, epoch), durable);
  }
}
