// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import java.nio.ByteBuffer;
import java.time.Duration;

/** Holds a replica against the snapshot that it is said to hold. */
final class VerifyPass {
  private final OpenDisk disk;

  VerifyPass(OpenDisk disk) {
    this.disk = disk;
  }

  /**
   * What was verified.
   *
   * @param bytes bytes that were compared
   * @param time how long it took
   */
  record Verified(long bytes, Duration time) {}

  /**
   * Verifies.
   *
   * @param reader the snapshot
   * @param written what the run wrote to the replica
   * @param epoch the replica's epoch in which it did
   * @throws TargetException if a byte differs; the run then starts over when it is taken up
   * @throws InterruptedException if the thread was interrupted
   */
  Verified run(SnapshotReader reader, Extents written, String epoch) throws InterruptedException {
    long start = System.nanoTime();
    Verification level = disk.resources().settings.verification();
    if (level == Verification.NONE) {
      return new Verified(0, Duration.ZERO);
    }
    disk.begin(Phase.VERIFY);
    CompareStage compare =
        new CompareStage(
            disk.replica(), disk.resources().scratch, new Refuse(reader.snapshot().name()));
    Pipeline pipeline = disk.pipeline(reader, 0, compare);
    try (RangeSource source =
        level == Verification.ALL
            ? KnownExtents.all(reader.size())
            : new KnownExtents(written, reader.size())) {
      pipeline.run(source, new PassProgress(disk, Phase.VERIFY, pipeline, reader.size()));
    } catch (DifferenceException e) {
      // whatever is wrong, taking the run up must not pass over it
      disk.record(new RunProgress(0, 0, epoch), true);
      throw e;
    }
    return new Verified(compare.bytesCompared(), Duration.ofNanos(System.nanoTime() - start));
  }

  /** What verification does with a difference. */
  private final class Refuse implements Pipeline.Stage {
    private final String snapshot;

    Refuse(String snapshot) {
      this.snapshot = snapshot;
    }

    @Override
    public void data(long offset, ByteBuffer data) {
      throw new DifferenceException(offset, data.remaining(), snapshot);
    }

    @Override
    public void zero(long offset, long length) {
      throw new DifferenceException(offset, length, snapshot);
    }
  }

  private final class DifferenceException extends TargetException {
    private static final long serialVersionUID = 1L;

    DifferenceException(long offset, long length, String snapshot) {
      super(
          failed("verify", disk.replica())
              .because("%d bytes at offset %d differ from %s", length, offset, snapshot)
              .advice(
                  "The point was not committed. Run again to move everything anew; if it happens"
                      + " again, the target or the network changes data."));
    }
  }
}
