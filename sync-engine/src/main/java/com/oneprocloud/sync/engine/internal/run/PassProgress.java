// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;

/** Tells the listener how far a pass is, not too often; ends it if the lease was lost. */
final class PassProgress implements Pipeline.Checkpoint {
  private static final long TELL_NANOS = 100_000_000;

  private final OpenDisk disk;
  private final Phase phase;
  private final Pipeline pipeline;
  private final long size;
  private long told = System.nanoTime();

  PassProgress(OpenDisk disk, Phase phase, Pipeline pipeline, long size) {
    this.disk = disk;
    this.phase = phase;
    this.pipeline = pipeline;
    this.size = size;
  }

  @Override
  public void reached(long done) {
    disk.lease().check();
    long now = System.nanoTime();
    if (now - told >= TELL_NANOS || done >= size) {
      told = now;
      disk.progressed(new DiskProgress(phase, Math.min(done, size), size, pipeline.bytesRead()));
    }
  }
}
