// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.plan.Decision;
import com.oneprocloud.sync.engine.internal.plan.DiskFacts;
import com.oneprocloud.sync.engine.internal.point.DiskSnapshots;
import com.oneprocloud.sync.engine.internal.point.SnapshotNames;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import com.oneprocloud.sync.engine.internal.transfer.CopyStage;
import com.oneprocloud.sync.engine.internal.transfer.ExtentLog;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One disk's way through a run. The order of its durable steps is what makes a crash harmless:
 *
 * <ol>
 *   <li>the lease is taken and the facts are gathered anew;
 *   <li>the run is recorded as open, then the snapshot is taken, then its id is recorded;
 *   <li>the replica is marked in flight, then changed and flushed, then verified;
 *   <li>the manifest is committed, which closes the run;
 *   <li>the replica is marked committed and made shorter if the image is; snapshots that are not
 *       needed any more are removed.
 * </ol>
 *
 * <p>Not thread-safe. Closing gives back what was opened, in any state; an open run stays open and
 * can be taken up.
 */
public final class DiskRun implements AutoCloseable {
  /** Progress is recorded whenever this much was moved, so that a killed process loses little. */
  private static final long JOURNAL_BYTES = 8 << 20;

  private static final long TELL_NANOS = 100_000_000;

  private final DiskPlan plan;
  private final RunResources resources;
  private final Notifier notifier;
  private final List<DiskSnapshots> snapshots;
  private final SnapshotNames names;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final LeaseKeeper lease;
  private final Image image;
  private final Replica replica;
  private final Decision decision;
  private final Optional<CommittedManifest> head;
  private final long began = System.nanoTime();
  private @Nullable OpenRun run;

  /** The thread in {@link #execute}. Guarded by this. */
  private @Nullable Thread driver;

  /** Guarded by this. */
  private boolean cancelled;

  /**
   * Takes the lease, opens image and replica, and decides what may be done.
   *
   * @param snapshots every way in which the chain's snapshots may have been taken; the first takes
   *     the new one
   * @param names names of the chain's snapshots
   * @throws ConflictException if another run holds the lease, or the chain moved since the plan was
   *     made
   */
  public DiskRun(
      DiskPlan plan,
      Target target,
      SyncMode mode,
      StorageCluster storage,
      List<DiskSnapshots> snapshots,
      SnapshotNames names,
      String owner,
      RunResources resources,
      Notifier notifier) {
    this.plan = plan;
    this.resources = resources;
    this.notifier = notifier;
    this.snapshots = snapshots;
    this.names = names;
    try {
      Duration time = resources.settings.leaseTime();
      this.lease =
          new LeaseKeeper(
              resources.chains.acquire(plan.chain(), owner, time), time, resources.scheduler);
      opened.push(lease);
      this.image = storage.open(plan.image());
      opened.push(image);
      this.replica = target.open(plan.chain().replica());
      opened.push(replica);
      finishCommitted();
      DiskFacts facts =
          DiskFacts.gather(image, plan.chain(), resources.chains, replica.state(), mode);
      this.head = facts.head();
      this.decision = facts.decision();
      checkPlan();
    } catch (RuntimeException | Error e) {
      closeAfter(e);
      throw e;
    }
  }

  /** What it was going to do. */
  public DiskPlan plan() {
    return plan;
  }

  /** Whether it takes up an earlier run, and so needs no snapshot. */
  public boolean resumes() {
    return decision.resumes().isPresent();
  }

  /** Records the run as open. */
  public void begin(RunId id) {
    String name = names.name(nextSequence(), id);
    run =
        new OpenRun(
            plan.chain(),
            id,
            Instant.now(),
            plan.image(),
            image.identity(),
            name,
            Optional.empty(),
            decision.base(),
            head.map(CommittedManifest::hash),
            decision.verdict(),
            decision.reason());
    resources.chains.open(lease.lease(), run);
  }

  /** Takes the snapshot of the run that was begun. */
  public SnapshotRef takeSnapshot() {
    return snapshots.get(0).take(image, begun().snapshotName());
  }

  /** Records that the snapshot was taken. */
  public void taken(SnapshotRef snapshot) {
    run = begun().taken(snapshot);
    resources.chains.open(lease.lease(), begun());
  }

  /** Removes the snapshot that was just taken. */
  public void removeSnapshot(SnapshotRef snapshot) {
    snapshots.get(0).remove(image, snapshot);
  }

  /** Gives the run up before the replica was touched. */
  public void abandon() {
    resources.chains.abandon(lease.lease());
    run = null;
  }

  /**
   * Moves, verifies and commits.
   *
   * @throws InterruptedException if the thread was interrupted; the run stays open
   */
  public DiskReport execute() throws InterruptedException {
    synchronized (this) {
      if (cancelled) {
        throw new InterruptedException("cancelled before it began");
      }
      driver = Thread.currentThread();
    }
    try {
      return moveAndCommit();
    } catch (RuntimeException e) {
      if (Thread.currentThread().isInterrupted()) {
        // an interrupt closes the files that it hits, whose errors say nothing of it
        InterruptedException interrupted = new InterruptedException("interrupted");
        interrupted.initCause(e);
        throw interrupted;
      }
      throw e;
    } finally {
      synchronized (this) {
        driver = null;
      }
      // meant for this run, not for what the thread does next
      boolean unused = Thread.interrupted();
    }
  }

  /** Interrupts {@link #execute}, now or when it begins. Thread-safe. */
  public synchronized void cancel() {
    cancelled = true;
    if (driver != null) {
      driver.interrupt();
    }
  }

  private DiskReport moveAndCommit() throws InterruptedException {
    if (decision.resumes().isPresent()) {
      run = decision.resumes().get();
      // a journal is written by the lease that opened the run
      resources.chains.open(lease.lease(), run);
    }
    OpenRun open = begun();
    List<Snapshot> existing = image.snapshots();
    Snapshot snapshot = find(existing, open.snapshot().orElseThrow());
    Snapshot base = open.base().isPresent() ? find(existing, open.base().get()) : null;
    try (SnapshotReader reader = image.at(snapshot)) {
      Moved moved = transfer(open, reader, base);
      Verified verified = verify(reader, moved.extents, moved.epoch);
      return commit(open, reader, moved, verified);
    }
  }

  @Override
  public void close() {
    closeAfter(null);
  }

  /** Ends what a crash after the commit left undone: the replica's own record of it. */
  private void finishCommitted() {
    Optional<CommittedManifest> newest = resources.chains.head(plan.chain());
    if (newest.isEmpty()) {
      return;
    }
    Manifest manifest = newest.get().manifest();
    if (replica.state() instanceof ReplicaState.InFlight inFlight
        && inFlight.run().equals(manifest.run())) {
      replica.mark(new ReplicaState.Committed(newest.get().hash()));
    }
    if (replica.state() instanceof ReplicaState.Committed committed
        && committed.at().equals(newest.get().hash())) {
      trim(manifest.size());
    }
  }

  private void checkPlan() {
    Optional<ManifestHash> planned = plan.head().map(CommittedManifest::hash);
    Optional<RunId> resumed = decision.resumes().map(OpenRun::run);
    if (decision.fault().isPresent()
        || !head.map(CommittedManifest::hash).equals(planned)
        || !resumed.equals(plan.resumes().map(OpenRun::run))
        || !image.identity().equals(plan.identity())) {
      throw new ConflictException(
          SyncException.failed("run plan", plan.chain())
              .because(
                  "%s",
                  decision
                      .fault()
                      .map(Object::toString)
                      .orElse("the chain or the image changed since the plan was made"))
              .advice("Plan again."));
    }
  }

  private Moved transfer(OpenRun open, SnapshotReader reader, @Nullable Snapshot base)
      throws InterruptedException {
    notifier.tell(it -> it.phaseStarted(plan, Phase.TRANSFER));
    long start = System.nanoTime();
    String epoch = replica.epoch();
    long resumeAt =
        resumes()
            ? resources.chains.progress(plan.chain()).map(it -> it.resumeAt(epoch)).orElse(0L)
            : 0;
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
    CopyStage copy = new CopyStage(replica, zeroed);
    Pipeline.Stage stage = resync ? new CompareStage(replica, resources.scratch, copy) : copy;
    Pipeline pipeline = pipeline(reader, resumeAt, stage);
    Journal journal = new Journal(pipeline, reader.size(), resumeAt, epoch);
    try (RangeSource source =
        new DiffStream(
            reader, base, also(open, reader), resync || (full && !zeroed), resources.calls)) {
      pipeline.run(source, journal);
    }
    journal.end();
    return new Moved(
        pipeline,
        copy,
        journal.log.extents(),
        epoch,
        resumeAt,
        Duration.ofNanos(System.nanoTime() - start));
  }

  /** What a difference is added to has to be there. */
  private void checkHeld(OpenRun open) {
    long held = head.map(it -> it.manifest().size()).orElse(0L);
    if (open.verdict() == Verdict.CONTINUE && replica.size() < held) {
      throw new TargetException(
          SyncException.failed("open replica", replica)
              .because("it holds %d bytes, its point has %d", replica.size(), held)
              .advice(
                  "Somebody made it shorter: ask for SyncMode.RESYNC to compare it with the source and"
                      + " repair it."));
    }
  }

  /** What has to be moved besides the difference to the base. */
  private Extents also(OpenRun open, SnapshotReader reader) {
    long held = head.map(it -> it.manifest().size()).orElse(0L);
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

  private Verified verify(SnapshotReader reader, Extents extents, String epoch)
      throws InterruptedException {
    long start = System.nanoTime();
    Verification level = resources.settings.verification();
    if (level == Verification.NONE) {
      return new Verified(0, Duration.ZERO);
    }
    notifier.tell(it -> it.phaseStarted(plan, Phase.VERIFY));
    CompareStage compare = new CompareStage(replica, resources.scratch, new Refuse());
    Pipeline pipeline = pipeline(reader, 0, compare);
    Teller teller = new Teller(Phase.VERIFY, pipeline, reader.size());
    try (RangeSource source =
        level == Verification.ALL
            ? KnownExtents.all(reader.size())
            : new KnownExtents(extents, reader.size())) {
      pipeline.run(source, teller::reached);
    } catch (DifferenceException e) {
      // whatever is wrong, taking the run up must not pass over it
      resources.chains.progress(lease.lease(), new RunProgress(0, 0, epoch), true);
      throw e;
    }
    return new Verified(compare.bytesCompared(), Duration.ofNanos(System.nanoTime() - start));
  }

  private DiskReport commit(OpenRun open, SnapshotReader reader, Moved moved, Verified verified) {
    notifier.tell(it -> it.phaseStarted(plan, Phase.COMMIT));
    lease.check();
    Manifest manifest =
        new Manifest(
            plan.chain(),
            nextSequence(),
            head.map(CommittedManifest::hash),
            open.run(),
            Instant.now(),
            plan.image(),
            image.identity(),
            image.layout(),
            reader.parent(),
            open.snapshot().orElseThrow(),
            open.base(),
            open.verdict(),
            open.reason(),
            moved.extents,
            resources.settings.verification());
    CommittedManifest committed = resources.chains.commit(lease.lease(), manifest);
    replica.mark(new ReplicaState.Committed(committed.hash()));
    trim(manifest.size());
    Set<SnapshotRef> keep = new HashSet<>();
    keep.add(manifest.snapshot());
    head.ifPresent(it -> keep.add(it.manifest().snapshot()));
    List<String> notes = new ArrayList<>();
    for (DiskSnapshots way : snapshots) {
      notes.addAll(prune(way, keep));
    }
    VerdictReason reason = resumes() ? VerdictReason.RUN_RESUMED : open.reason();
    DiskReport report =
        new DiskReport(
            plan,
            committed,
            open.verdict(),
            reason,
            moved.pipeline.extents(),
            moved.pipeline.bytesRead(),
            moved.copy.bytesWritten(),
            moved.copy.bytesZeroed(),
            verified.bytes,
            moved.resumedAt,
            moved.time,
            verified.time,
            Duration.ofNanos(System.nanoTime() - began),
            notes);
    notifier.tell(it -> it.diskCommitted(report));
    return report;
  }

  /** The point is committed: what goes wrong here is for the report, not for the run. */
  private List<String> prune(DiskSnapshots way, Set<SnapshotRef> keep) {
    try {
      return way.prune(image, keep);
    } catch (SyncException e) {
      return List.of("Old snapshots were left: " + e.getMessage());
    }
  }

  /**
   * A replica is made shorter only after the commit: until then it has to be able to become its
   * last point again.
   */
  private void trim(long size) {
    if (replica.size() > size) {
      replica.resize(size);
    }
  }

  private Pipeline pipeline(SnapshotReader reader, long start, Pipeline.Stage stage) {
    return new Pipeline(
        reader,
        resources.buffers,
        resources.workers,
        resources.settings.requestsInFlight(),
        start,
        stage);
  }

  private long nextSequence() {
    return head.map(it -> it.manifest().sequence() + 1).orElse(0L);
  }

  private OpenRun begun() {
    OpenRun open = run;
    if (open == null) {
      throw new IllegalStateException("the run was not begun");
    }
    return open;
  }

  private Snapshot find(List<Snapshot> snapshots, SnapshotRef ref) {
    return snapshots.stream()
        .filter(it -> it.id().equals(ref.id()))
        .findFirst()
        .orElseThrow(
            () ->
                new NotFoundException(
                    SyncException.failed("find snapshot", plan.image() + ref.toString())
                        .because("it was removed by somebody else")
                        .advice("Plan again.")));
  }

  private void closeAfter(@Nullable Throwable failure) {
    RuntimeException first = null;
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception e) {
        if (failure != null) {
          failure.addSuppressed(e);
        } else if (first == null) {
          first = e instanceof RuntimeException r ? r : new IllegalStateException(e);
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }

  private record Moved(
      Pipeline pipeline,
      CopyStage copy,
      Extents extents,
      String epoch,
      long resumedAt,
      Duration time) {}

  private record Verified(long bytes, Duration time) {}

  /** Tells the listener how far a pass is, not too often. */
  private class Teller {
    private final Phase phase;
    private final Pipeline pipeline;
    private final long size;
    private long told = System.nanoTime();

    Teller(Phase phase, Pipeline pipeline, long size) {
      this.phase = phase;
      this.pipeline = pipeline;
      this.size = size;
    }

    void reached(long done) {
      lease.check();
      long now = System.nanoTime();
      if (now - told >= TELL_NANOS || done >= size) {
        told = now;
        notifier.tell(
            it ->
                it.progressed(
                    plan,
                    new DiskProgress(phase, Math.min(done, size), size, pipeline.bytesRead())));
      }
    }
  }

  /** Records progress as the transfer goes on, and flushes the replica by period. */
  private final class Journal implements Pipeline.Checkpoint {
    private final ExtentLog log = new ExtentLog();
    private final Teller teller;
    private final Pipeline pipeline;
    private final long size;
    private final String epoch;
    private long flushed;
    private long journaledBytes;
    private long lastFlush = System.nanoTime();

    Journal(Pipeline pipeline, long size, long start, String epoch) {
      this.teller = new Teller(Phase.TRANSFER, pipeline, size);
      this.pipeline = pipeline;
      this.size = size;
      this.flushed = start;
      this.epoch = epoch;
    }

    @Override
    public void range(Extents extents) {
      log.add(extents);
    }

    @Override
    public void reached(long done) {
      teller.reached(done);
      long now = System.nanoTime();
      if (now - lastFlush >= resources.settings.flushPeriod().toNanos()) {
        flush();
        flushed = done;
        lastFlush = System.nanoTime();
        record(done, true);
      } else if (pipeline.bytesRead() - journaledBytes >= JOURNAL_BYTES) {
        record(done, false);
      }
    }

    /** Flushes what is left. */
    void end() {
      flush();
      flushed = size;
      record(size, true);
    }

    private void flush() {
      try {
        replica.flush();
      } catch (RuntimeException e) {
        // whatever was written since the flush before may be gone, whatever the epoch says
        try {
          resources.chains.progress(lease.lease(), new RunProgress(flushed, flushed, epoch), true);
        } catch (RuntimeException suppressed) {
          e.addSuppressed(suppressed);
        }
        throw e;
      }
    }

    private void record(long done, boolean durable) {
      journaledBytes = pipeline.bytesRead();
      resources.chains.progress(
          lease.lease(), new RunProgress(Math.max(done, flushed), flushed, epoch), durable);
    }
  }

  /** What verification does with a difference. */
  private final class Refuse implements Pipeline.Stage {
    @Override
    public void data(long offset, ByteBuffer data) {
      throw new DifferenceException(offset, data.remaining());
    }

    @Override
    public void zero(long offset, long length) {
      throw new DifferenceException(offset, length);
    }
  }

  private final class DifferenceException extends TargetException {
    private static final long serialVersionUID = 1L;

    DifferenceException(long offset, long length) {
      super(
          failed("verify", replica)
              .because(
                  "%d bytes at offset %d differ from %s", length, offset, begun().snapshotName())
              .advice(
                  "The point was not committed. Run again to move everything anew; if it happens"
                      + " again, the target or the network changes data."));
    }
  }
}
