// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.chain.ChainHead;
import com.oneprocloud.sync.engine.internal.figures.DiskMeter;
import com.oneprocloud.sync.engine.internal.plan.Decision;
import com.oneprocloud.sync.engine.internal.plan.DiskFacts;
import com.oneprocloud.sync.engine.internal.point.DiskSnapshots;
import com.oneprocloud.sync.engine.internal.point.SnapshotNames;
import com.oneprocloud.sync.engine.internal.schedule.Lane;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
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
  private final DiskPlan plan;
  private final RunResources resources;
  private final Notifier notifier;
  private final OpenDisk disk;
  private final List<DiskSnapshots> snapshots;
  private final SnapshotNames names;
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final LeaseKeeper lease;
  private final Image image;
  private final Replica replica;
  private final Decision decision;

  /** The snapshots of the image when it was opened, under the lease. */
  private final List<Snapshot> existing;

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
      this.lease =
          LeaseKeeper.take(
              resources.chains,
              plan.chain(),
              owner,
              resources.settings.leaseTime(),
              resources.scheduler);
      opened.push(lease);
      this.image = storage.open(plan.image());
      opened.push(image);
      this.replica = new FencedReplica(target.open(plan.chain().replica()), lease);
      opened.push(replica);
      DiskMeter meter = resources.meter.begin(plan);
      opened.push(meter);
      Pace.Disk pace = resources.pace.disk(Lane.of(plan));
      opened.push(pace);
      this.disk =
          new OpenDisk(
              plan,
              replica,
              lease,
              resources,
              notifier,
              meter,
              pace,
              resources.buffers.allotment(),
              resources.workers.disk());
      finishCommitted();
      DiskFacts facts =
          DiskFacts.gather(image, plan.chain(), resources.chains, replica.state(), mode);
      this.head = facts.head();
      this.existing = facts.snapshots();
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

  /** Records the run as open, and removes what runs that were cut short have left. */
  public void begin(RunId id) {
    boolean cutShort = resources.chains.openRun(plan.chain()).isPresent();
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
    removeLeaked(cutShort);
  }

  /**
   * Without this, runs that die again and again would use up the snapshots that a volume may have,
   * and then no run could take one. What cannot be removed is reported after the commit, which
   * tries again.
   */
  private void removeLeaked(boolean cutShort) {
    Set<SnapshotRef> keep = new HashSet<>();
    resources.chains.newest(plan.chain(), 2).forEach(it -> keep.add(it.manifest().snapshot()));
    Set<SnapshotId> kept = keep.stream().map(SnapshotRef::id).collect(Collectors.toSet());
    boolean leaked =
        existing.stream().anyMatch(it -> names.own(it.name()) && !kept.contains(it.id()));
    if (cutShort || leaked) {
      snapshots.forEach(way -> prune(way, keep));
    }
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
    SnapshotRef taken = open.snapshot().orElseThrow();
    Snapshot snapshot = resumes() ? existing(taken) : fresh(taken);
    Snapshot base = open.base().isPresent() ? existing(open.base().get()) : null;
    try (SnapshotReader reader = image.at(snapshot)) {
      DiffPass diff = new DiffPass(disk, image, head);
      DiffPass.Chosen chosen = diff.run(open, reader, base);
      run = chosen.open();
      // nobody has tried what digests a cache tier hands out
      boolean digests = resources.settings.digests() && image.cacheTier() != CacheTier.PRESENT;
      TransferPass.Moved moved = move(chosen, reader, digests);
      digests &= !moved.contradicted();
      VerifyPass.Verified verified = verify(reader, moved, digests);
      if (verified.unwritten()) {
        chosen = diff.repair(chosen, reader);
        run = chosen.open();
        moved = moved.and(move(chosen, reader, digests && !verified.contradicted()));
        verified = verified.and(verify(reader, moved, digests && !moved.contradicted()));
      }
      return commit(chosen, reader, moved, verified);
    }
  }

  private TransferPass.Moved move(DiffPass.Chosen chosen, SnapshotReader reader, boolean digests)
      throws InterruptedException {
    return new TransferPass(disk, decision, head)
        .run(chosen.open(), reader, chosen.base(), chosen.diff().candidates(), digests);
  }

  private VerifyPass.Verified verify(
      SnapshotReader reader, TransferPass.Moved moved, boolean digests)
      throws InterruptedException {
    return new VerifyPass(disk, head).run(reader, moved.extents(), digests, begun().verdict());
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

  private DiskReport commit(
      DiffPass.Chosen chosen,
      SnapshotReader reader,
      TransferPass.Moved moved,
      VerifyPass.Verified verified) {
    OpenRun open = chosen.open();
    disk.begin(Phase.COMMIT);
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
            moved.extents(),
            resources.settings.verification(),
            chosen.trust(resources.settings.verification()),
            verified.digests());
    CommittedManifest committed = resources.chains.commit(lease.lease(), manifest);
    replica.mark(new ReplicaState.Committed(committed.hash()));
    trim(manifest.size());
    Set<SnapshotRef> keep = new HashSet<>();
    keep.add(manifest.snapshot());
    head.ifPresent(it -> keep.add(it.manifest().snapshot()));
    List<String> notes = new ArrayList<>(chosen.notes(moved.bytesWritten(), reader.size()));
    if (moved.contradicted() || verified.contradicted()) {
      notes.add(
          "The storage's digests told blocks apart whose bytes are equal. Nothing was left out because"
              + " of digests; everything was compared by its bytes. If this happens again, look for"
              + " broken memory or disks, and switch digests off (EngineSettings.withDigests).");
    }
    if (verified.digestsLost()) {
      notes.add(
          "Records of digests of earlier points were missing or damaged. Of what this run did not"
              + " verify, the replica cannot be checked offline until a run with Verification.ALL.");
    }
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
            chosen.diff().choice(),
            moved.extentCount(),
            moved.bytesRead(),
            moved.bytesDigested(),
            moved.bytesWritten(),
            moved.bytesZeroed(),
            verified.bytes(),
            verified.bytesRead(),
            verified.bytesDigested(),
            moved.resumedAt(),
            moved.time(),
            verified.time(),
            Duration.ofNanos(System.nanoTime() - began),
            notes);
    resources.meter.committed(report);
    notifier.tell(it -> it.diskCommitted(report));
    return report;
  }

  /** What goes wrong here is for the report, not for the run. */
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

  private long nextSequence() {
    return ChainHead.nextSequence(head);
  }

  private OpenRun begun() {
    OpenRun open = run;
    if (open == null) {
      throw new IllegalStateException("the run was not begun");
    }
    return open;
  }

  /** A snapshot that this run has just taken. */
  private static Snapshot fresh(SnapshotRef ref) {
    return new Snapshot(
        ref.id(), ref.name(), ref.size(), Snapshot.Kind.USER, Optional.empty(), false);
  }

  /** An older snapshot. That it is gone since the image was opened is for its reader to notice. */
  private Snapshot existing(SnapshotRef ref) {
    return existing.stream()
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
}
