// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.DifferingBlocks;
import com.oneprocloud.sync.engine.internal.verify.Suspects;
import java.nio.ByteBuffer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Holds a replica against the snapshot that it is said to hold. */
final class VerifyPass {
  private final OpenDisk disk;

  VerifyPass(OpenDisk disk) {
    this.disk = disk;
  }

  /**
   * What was verified.
   *
   * @param bytes bytes that were compared, by digests or by themselves
   * @param bytesRead bytes read from the snapshot
   * @param bytesDigested bytes of the snapshot that the storage digested
   * @param contradicted whether digests were found wrong, so that all was compared by its bytes
   * @param time how long it took
   */
  record Verified(
      long bytes, long bytesRead, long bytesDigested, boolean contradicted, Duration time) {}

  /**
   * Verifies.
   *
   * @param reader the snapshot
   * @param written what the run wrote to the replica
   * @param digests whether digests may say what is equal
   * @throws TargetException if a byte differs; the run then starts over when it is taken up
   * @throws InterruptedException if the thread was interrupted
   */
  Verified run(SnapshotReader reader, Extents written, boolean digests)
      throws InterruptedException {
    long start = System.nanoTime();
    Verification level = disk.resources().settings.verification();
    if (level == Verification.NONE) {
      return new Verified(0, 0, 0, false, Duration.ZERO);
    }
    disk.begin(Phase.VERIFY);
    Pass pass = new Pass(reader, level == Verification.ALL ? null : written);
    boolean contradicted = false;
    try {
      try {
        pass.run(digests);
      } catch (Suspects.ContradictionException e) {
        contradicted = true;
        pass.run(false);
      }
    } catch (DifferenceException e) {
      // whatever is wrong, taking the run up must not pass over it
      disk.startOver();
      throw e;
    }
    return new Verified(
        pass.bytes,
        pass.bytesRead,
        pass.bytesDigested,
        contradicted,
        Duration.ofNanos(System.nanoTime() - start));
  }

  /** What is done once, or twice if digests are contradicted. */
  private final class Pass {
    private final SnapshotReader reader;
    private final @Nullable Extents extents;
    long bytes;
    long bytesRead;
    long bytesDigested;

    /**
     * A pass.
     *
     * @param extents what is compared; null for all
     */
    Pass(SnapshotReader reader, @Nullable Extents extents) {
      this.reader = reader;
      this.extents = extents;
    }

    void run(boolean digests) throws InterruptedException {
      Suspects suspects = new Suspects();
      CompareStage compare =
          new CompareStage(
              disk.replica(), disk.resources().scratch, new Refuse(reader.snapshot().name()));
      Pace.Disk pace = disk.resources().pace.disk();
      Pipeline pipeline = disk.pipeline(reader, pace, 0, compare);
      PassProgress progress =
          new PassProgress(disk, Phase.VERIFY, pipeline, suspects, reader.size());
      RangeSource source =
          extents == null
              ? KnownExtents.all(reader.size())
              : new KnownExtents(extents, reader.size());
      try (source) {
        bytes = digests ? runDifferingBlocks(source, suspects, pipeline, pace, progress) : 0;
        if (!digests) {
          pipeline.run(source, progress);
        }
        bytes += compare.bytesCompared();
      } finally {
        bytesRead += pipeline.bytesRead();
      }
    }

    /** Bytes that digests called equal. */
    private long runDifferingBlocks(
        RangeSource source,
        Suspects suspects,
        Pipeline pipeline,
        Pace.Disk pace,
        PassProgress progress)
        throws InterruptedException {
      DifferingBlocks differing = disk.differing(source, reader, 0, suspects, pipeline, pace);
      try (differing) {
        pipeline.run(differing, progress);
        return differing.bytesEqual();
      } finally {
        bytesRead += differing.bytesRead();
        bytesDigested += differing.bytesDigested();
      }
    }
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
