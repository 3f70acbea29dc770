// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.Suspects;

/**
 * Tells the listener how far a pass is, not too often; ends it if the lease was lost or digests
 * were contradicted.
 */
final class PassProgress implements Pipeline.Checkpoint {
  private static final long TELL_NANOS = 100_000_000;

  private final OpenDisk disk;
  private final Phase phase;
  private final Pipeline pipeline;
  private final Suspects suspects;
  private final long size;
  private long told = System.nanoTime();

  PassProgress(OpenDisk disk, Phase phase, Pipeline pipeline, Suspects suspects, long size) {
    this.disk = disk;
    this.phase = phase;
    this.pipeline = pipeline;
    this.suspects = suspects;
    this.size = size;
  }

  @Override
  public void reached(long done) {
    disk.lease().check();
    suspects.check(done);
    long now = System.nanoTime();
    if (now - told >= TELL_NANOS || done >= size) {
      told = now;
      disk.progressed(new DiskProgress(phase, Math.min(done, size), size, pipeline.bytesRead()));
    }
  }
}
