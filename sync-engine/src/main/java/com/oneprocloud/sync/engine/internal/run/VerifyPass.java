// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.chain.ChainHead;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.RotatingShare;
import com.oneprocloud.sync.engine.internal.verify.Suspects;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;

/** Holds a replica against the snapshot that it is said to hold. */
final class VerifyPass {
  private final OpenDisk disk;
  private final Optional<CommittedManifest> head;

  /**
   * A pass.
   *
   * @param head the point that the replica held before
   */
  VerifyPass(OpenDisk disk, Optional<CommittedManifest> head) {
    this.disk = disk;
    this.head = head;
  }

  /**
   * What was verified.
   *
   * @param bytes bytes that were compared, by digests or by themselves
   * @param bytesRead bytes read from the snapshot
   * @param bytesDigested bytes of the snapshot that the storage digested
   * @param contradicted whether digests were found wrong, so that all was compared by its bytes
   * @param unwritten whether something differs that was not written; then the pass ended there
   * @param digests the record of digests of the replica; empty if the pass ended early
   * @param digestsLost whether earlier records were damaged
   * @param time how long it took
   */
  record Verified(
      long bytes,
      long bytesRead,
      long bytesDigested,
      boolean contradicted,
      boolean unwritten,
      Optional<DigestRecord> digests,
      boolean digestsLost,
      Duration time) {
    /** The sum of two. */
    Verified and(Verified next) {
      return new Verified(
          bytes + next.bytes,
          bytesRead + next.bytesRead,
          bytesDigested + next.bytesDigested,
          contradicted || next.contradicted,
          next.unwritten,
          next.digests,
          next.digestsLost,
          time.plus(next.time));
    }
  }

  /**
   * Verifies.
   *
   * @param reader the snapshot
   * @param written what the run wrote to the replica
   * @param digests whether digests may say what is equal
   * @param verdict what the run does; if it continues, it can compare all and repair it when
   *     something differs that was not written
   * @throws TargetException if a byte differs that was written; the run then starts over when it is
   *     taken up
   * @throws InterruptedException if the thread was interrupted
   */
  Verified run(SnapshotReader reader, Extents written, boolean digests, Verdict verdict)
      throws InterruptedException {
    long start = System.nanoTime();
    Pass pass = new Pass(reader, written, verdict);
    if (disk.resources().settings.verification() == Verification.NONE) {
      pass.skip();
      return pass.verified(false, false, Duration.ZERO);
    }
    disk.begin(Phase.VERIFY);
    boolean contradicted = false;
    boolean unwritten = false;
    try {
      try {
        pass.run(digests);
      } catch (Suspects.ContradictionException e) {
        contradicted = true;
        pass.run(false);
      }
    } catch (UnwrittenException e) {
      unwritten = true;
    } catch (DifferenceException e) {
      // whatever is wrong, taking the run up must not pass over it
      disk.startOver();
      throw e;
    }
    return pass.verified(contradicted, unwritten, Duration.ofNanos(System.nanoTime() - start));
  }

  /** What is done once, or twice if digests are contradicted. */
  private final class Pass {
    private final SnapshotReader reader;
    private final Extents written;
    private final Verdict verdict;
    private final SourceUse use;
    private long bytes;
    private Optional<DigestRecord> record = Optional.empty();
    private boolean lost;

    Pass(SnapshotReader reader, Extents written, Verdict verdict) {
      this.reader = reader;
      this.written = written;
      this.verdict = verdict;
      this.use = new SourceUse(disk, reader);
    }

    Verified verified(boolean contradicted, boolean unwritten, Duration time) {
      return new Verified(
          bytes, use.bytesRead(), use.bytesDigested(), contradicted, unwritten, record, lost, time);
    }

    private RangeSource source() {
      return switch (disk.resources().settings.verification()) {
        case ALL -> KnownExtents.all(reader.size());
        case ROTATING ->
            new RotatingShare(
                written,
                reader.size(),
                disk.resources().settings.shares(),
                ChainHead.nextSequence(head));
        default -> new KnownExtents(written, reader.size());
      };
    }

    /** Only takes note of what is not known. */
    void skip() {
      try (DigestRecording recording = recording()) {
        end(recording);
      }
    }

    void run(boolean digests) throws InterruptedException {
      try (DigestRecording recording = recording()) {
        run(digests, recording);
        end(recording);
      }
    }

    private DigestRecording recording() {
      return new DigestRecording(disk, head, verdict, reader.size(), written);
    }

    private void end(DigestRecording recording) {
      record = Optional.of(recording.end());
      lost = recording.lost();
    }

    private void run(boolean digests, DigestRecording recording) throws InterruptedException {
      Suspects suspects = new Suspects();
      Held held = recording.reader();
      CompareStage compare =
          new CompareStage(
              held,
              disk.resources().scratch,
              new Refuse(reader.snapshot().name(), written, verdict == Verdict.CONTINUE));
      Pipeline pipeline = use.pipeline(0, compare);
      PassProgress progress =
          new PassProgress(disk, Phase.VERIFY, pipeline, suspects, reader.size());
      Pipeline.Checkpoint checkpoint =
          done -> {
            progress.reached(done);
            recording.reached(pipeline);
          };
      if (digests) {
        use.runDifferingBlocks(pipeline, source(), checkpoint, 0, held, suspects);
      } else {
        use.run(pipeline, source(), checkpoint);
      }
      bytes = use.bytesEqual() + compare.bytesCompared();
    }
  }

  /** What verification does with a difference. */
  private final class Refuse implements Pipeline.Stage {
    private final String snapshot;
    private final Extents written;
    private final boolean repairs;

    Refuse(String snapshot, Extents written, boolean repairs) {
      this.snapshot = snapshot;
      this.written = written;
      this.repairs = repairs;
    }

    @Override
    public void data(long offset, ByteBuffer data) {
      refuse(offset, data.remaining());
    }

    @Override
    public void zero(long offset, long length) {
      refuse(offset, length);
    }

    private void refuse(long offset, long length) {
      if (repairs && written.within(offset, length).isEmpty()) {
        throw new UnwrittenException(offset);
      }
      throw new DifferenceException(offset, length, snapshot);
    }
  }

  /** Something differs that the run had no reason to write. */
  private static final class UnwrittenException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnwrittenException(long offset) {
      super("what was not written differs at offset " + offset);
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
