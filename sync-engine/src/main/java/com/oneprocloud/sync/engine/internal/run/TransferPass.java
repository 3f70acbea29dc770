// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.engine.internal.chain.ChainHead;
import com.oneprocloud.sync.engine.internal.diff.Candidates;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.plan.Decision;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import com.oneprocloud.sync.engine.internal.transfer.CopyStage;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.Suspects;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Brings a replica to what a snapshot holds: marks it in flight, makes it large enough, and moves
 * or compares what the verdict says.
 */
final class TransferPass {
  private final OpenDisk disk;
  private final Replica replica;
  private final Decision decision;
  private final Optional<CommittedManifest> head;

  /**
   * A pass.
   *
   * @param decision what is done, and from where
   * @param head the point that the replica held before
   */
  TransferPass(OpenDisk disk, Decision decision, Optional<CommittedManifest> head) {
    this.disk = disk;
    this.replica = disk.replica();
    this.decision = decision;
    this.head = head;
  }

  /**
   * What was moved.
   *
   * @param extents what was written, or more
   * @param extentCount how many extents were carried
   * @param bytesRead bytes read from the snapshot
   * @param bytesDigested bytes of the snapshot that the storage digested
   * @param bytesWritten bytes of data written to the replica
   * @param bytesZeroed bytes of the replica made zero, or left zero
   * @param epoch the replica's epoch in which that was so
   * @param resumedAt where the pass started
   * @param contradicted whether digests were found wrong, so that nothing was left out because of
   *     them in the end
   * @param time how long it took
   */
  record Moved(
      Extents extents,
      long extentCount,
      long bytesRead,
      long bytesDigested,
      long bytesWritten,
      long bytesZeroed,
      String epoch,
      long resumedAt,
      boolean contradicted,
      Duration time) {
    /** What was moved after this by a pass over all of the image. */
    Moved and(Moved all) {
      return new Moved(
          all.extents,
          all.extentCount,
          bytesRead + all.bytesRead,
          bytesDigested + all.bytesDigested,
          bytesWritten + all.bytesWritten,
          bytesZeroed + all.bytesZeroed,
          all.epoch,
          resumedAt,
          contradicted || all.contradicted,
          time.plus(all.time));
    }
  }

  /**
   * Moves.
   *
   * @param open the run
   * @param reader its snapshot
   * @param base the snapshot that it is compared with, if there is one
   * @param candidates where the storage is asked what changed
   * @param digests whether digests may say what need not be compared
   * @throws InterruptedException if the thread was interrupted; what was recorded can be taken up
   */
  Moved run(
      OpenRun open,
      SnapshotReader reader,
      @Nullable Snapshot base,
      Candidates candidates,
      boolean digests)
      throws InterruptedException {
    disk.begin(Phase.TRANSFER);
    long start = System.nanoTime();
    String epoch = replica.epoch();
    long resumeAt = decision.resumes().isPresent() ? resumeAt(epoch) : 0;
    boolean full = open.verdict() == Verdict.FULL;
    boolean resync = open.verdict() == Verdict.CHECKSUM_RESYNC;
    checkHeld(open);
    replica.mark(new ReplicaState.InFlight(open.from(), open.run()));
    if (full && resumeAt == 0) {
      replica.clear(reader.size());
    } else if (replica.size() < reader.size()) {
      replica.resize(reader.size());
    }
    boolean zeroed = full && replica.clearsToZero();
    boolean everything = resync || (full && !zeroed);
    SourceUse use = new SourceUse(disk, reader);
    CopyStage copy = new CopyStage(replica, zeroed);
    Pass pass =
        new Pass(
            use,
            copy,
            resync,
            () ->
                new DiffStream(
                    reader,
                    base,
                    candidates,
                    also(open, reader),
                    everything,
                    disk.resources().calls),
            reader.size(),
            epoch);
    Extents extents;
    boolean contradicted = false;
    try {
      extents = pass.run(resumeAt, resync && digests);
    } catch (Suspects.ContradictionException e) {
      // who is wrong once without harm may be wrong with harm: all is compared by its bytes
      contradicted = true;
      disk.startOver();
      extents = pass.run(0, false);
    }
    return new Moved(
        extents,
        pass.extentCount,
        use.bytesRead(),
        use.bytesDigested(),
        copy.bytesWritten(),
        copy.bytesZeroed(),
        epoch,
        resumeAt,
        contradicted,
        Duration.ofNanos(System.nanoTime() - start));
  }

  /** What is done once, or twice if digests are contradicted. */
  private final class Pass {
    private final SourceUse use;
    private final CopyStage copy;
    private final boolean compares;
    private final Supplier<RangeSource> source;
    private final long size;
    private final String epoch;
    long extentCount;

    Pass(
        SourceUse use,
        CopyStage copy,
        boolean compares,
        Supplier<RangeSource> source,
        long size,
        String epoch) {
      this.use = use;
      this.copy = copy;
      this.compares = compares;
      this.source = source;
      this.size = size;
      this.epoch = epoch;
    }

    /**
     * Moves, or compares and moves what differs.
     *
     * @return what was carried or left out, or more
     * @throws Suspects.ContradictionException if digests were found wrong
     */
    Extents run(long from, boolean digests) throws InterruptedException {
      Suspects suspects = new Suspects();
      Held held = Held.of(replica);
      Pipeline.Stage stage =
          compares ? new CompareStage(held, disk.resources().scratch, suspects.before(copy)) : copy;
      Pipeline pipeline = use.pipeline(from, stage);
      TransferJournal journal = new TransferJournal(disk, pipeline, suspects, size, from, epoch);
      if (digests) {
        use.runDifferingBlocks(pipeline, source.get(), journal, from, held, suspects);
      } else {
        use.run(pipeline, source.get(), journal);
      }
      journal.end();
      extentCount = pipeline.extents();
      return journal.extents();
    }
  }

  private long resumeAt(String epoch) {
    return disk.resources()
        .chains
        .progress(disk.plan().chain())
        .map(it -> it.resumeAt(epoch))
        .orElse(0L);
  }

  /** Bytes of the point that the replica held before. */
  private long held() {
    return ChainHead.size(head);
  }

  /** What a difference is added to has to be there. */
  private void checkHeld(OpenRun open) {
    if (open.verdict() == Verdict.CONTINUE && replica.size() < held()) {
      throw new TargetException(
          SyncException.failed("open replica", replica)
              .because("it holds %d bytes, its point has %d", replica.size(), held())
              .advice(
                  "Somebody made it shorter: ask for SyncMode.RESYNC to compare it with the source and"
                      + " repair it."));
    }
  }

  /** What has to be moved besides the difference to the base. */
  private Extents also(OpenRun open, SnapshotReader reader) {
    long held = held();
    Optional<SnapshotId> newest = head.map(it -> it.manifest().snapshot().id());
    boolean sinceNewest = open.base().map(SnapshotRef::id).equals(newest);
    if (open.verdict() != Verdict.CONTINUE
        || reader.size() <= held
        || (sinceNewest && replica.clearsToZero())) {
      return decision.also();
    }
    // a device may hold anything there, and a spare base may have been larger than the newest point
    return Extents.builder().addAll(decision.also()).add(held, reader.size() - held, false).build();
  }
}
