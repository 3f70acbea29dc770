// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.plan.Decision;
import com.oneprocloud.sync.engine.internal.plan.DiskFacts;
import com.oneprocloud.sync.engine.internal.point.PointSnapshots;
import com.oneprocloud.sync.engine.internal.run.DiskRun;
import com.oneprocloud.sync.engine.internal.run.Notifier;
import com.oneprocloud.sync.engine.internal.run.RunResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Replicates disks: plans a run, runs it, and keeps the chain of points for the next.
 *
 * <p>Thread-safe: several runs can go on at a time and share the engine's memory and threads. The
 * storage cluster, snapshotter and chain store belong to the caller, who closes them after the
 * engine.
 *
 * <pre>{@code
 * try (SyncEngine sync = SyncEngine.builder().storage(ceph).snapshotter(snapshotter)
 *     .chains(DirectoryChainStore.at(Path.of("/var/lib/sync/chains"))).build()) {
 *   SyncPlan plan = sync.plan(ImageSpec.parse("volumes/volume-1"), DirectoryTarget.at(Path.of("/replicas")));
 *   SyncReport report = sync.run(plan, ProgressBar.on(System.err));
 * }
 * }</pre>
 */
public final class SyncEngine implements AutoCloseable {
  private final StorageCluster storage;
  private final @Nullable Snapshotter snapshotter;
  private final ChainStore chains;
  private final String owner;
  private final RunResources resources;

  private SyncEngine(Builder builder) {
    this.storage = Objects.requireNonNull(builder.storage, "storage");
    this.chains = Objects.requireNonNull(builder.chains, "chains");
    this.snapshotter = builder.snapshotter;
    this.owner = builder.owner;
    this.resources = new RunResources(builder.settings, chains);
  }

  /** A builder; {@link Builder#storage} and {@link Builder#chains} are needed. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Plans to bring the replica of one image to a new point with the least work that is certain to
   * be right.
   */
  public SyncPlan plan(ImageSpec image, Target target) {
    return plan(image, target, SyncMode.AUTO);
  }

  /**
   * Plans to bring the replica of one image to a new point. Writes nothing.
   *
   * @param image the image
   * @param target where the replica is, or will be
   * @param mode what is wanted beyond that
   * @throws InvalidPlanException if it cannot be done, with every fault that was found
   * @throws SyncException if source, target or chain store cannot be asked
   */
  public SyncPlan plan(ImageSpec image, Target target, SyncMode mode) {
    List<Fault> faults = new ArrayList<>();
    if (snapshotter == null) {
      faults.add(
          new Fault(
              image.toString(),
              "there is no snapshotter",
              "Give the engine one: a point cannot be taken without."));
    }
    Optional<DiskPlan> disk =
        planDisk(image, new ReplicaName(image.pool(), nameOf(image)), target, mode, faults);
    if (disk.isEmpty() || !faults.isEmpty()) {
      throw new InvalidPlanException(image, faults);
    }
    RunId run = disk.get().resumes().map(OpenRun::run).orElseGet(RunId::random);
    return new SyncPlan(
        Optional.empty(),
        run,
        Consistency.CRASH_CONSISTENT,
        mode,
        target,
        List.of(disk.get()),
        List.of());
  }

  private static String nameOf(ImageSpec image) {
    return image.namespace().isEmpty() ? image.name() : image.namespace() + "/" + image.name();
  }

  private Optional<DiskPlan> planDisk(
      ImageSpec spec, ReplicaName name, Target target, SyncMode mode, List<Fault> faults) {
    ChainId chain = new ChainId(name, target.id());
    try (Image image = storage.open(spec)) {
      long size = image.size();
      faults.addAll(target.check(name, size));
      DiskFacts facts = DiskFacts.gather(image, chain, chains, target.state(name), mode);
      Decision decision = facts.decision();
      decision.fault().ifPresent(faults::add);
      return Optional.of(
          new DiskPlan(
              spec,
              image.identity(),
              size,
              Optional.empty(),
              "given",
              chain,
              facts.head(),
              decision.verdict(),
              decision.reason(),
              decision.base(),
              decision.resumes(),
              List.of()));
    } catch (NotFoundException | PermissionException | UnsupportedException | TargetException e) {
      faults.add(Fault.of(e));
      return Optional.empty();
    }
  }

  /** Runs a plan without anybody listening. */
  public SyncReport run(SyncPlan plan) {
    return run(plan, SyncListener.NONE);
  }

  /**
   * Runs a plan: takes the snapshots, moves what changed, verifies and commits. Blocks until it is
   * done.
   *
   * <p>If a disk fails, the others go on; then the first failure is thrown, later ones are attached
   * to it. Disks that had committed stay committed, the others can be taken up by the next plan.
   * Interrupting the calling thread cancels the run and leaves it so that it can be taken up.
   *
   * @throws ConflictException if another run holds a lease, or a chain moved since the plan was
   *     made
   * @throws SyncException if a disk failed
   */
  public SyncReport run(SyncPlan plan, SyncListener listener) {
    Notifier notifier = new Notifier(listener);
    List<DiskRun> disks = new ArrayList<>();
    RuntimeException failure = null;
    try {
      notifier.tell(it -> it.runStarted(plan));
      for (DiskPlan disk : plan.disks()) {
        disks.add(
            new DiskRun(disk, plan.target(), plan.mode(), storage, owner, resources, notifier));
      }
      PointSnapshots snapshots =
          new PointSnapshots(Objects.requireNonNull(snapshotter), resources.calls());
      Duration snapshotTime = takePoint(plan, disks, snapshots, notifier);
      List<DiskReport> reports = execute(disks, snapshots, notifier);
      return new SyncReport(plan.subject(), plan.run(), plan.consistency(), snapshotTime, reports);
    } catch (RuntimeException e) {
      failure = e;
      throw e;
    } finally {
      close(disks, failure);
      notifier.tell(it -> it.runEnded(plan));
    }
  }

  /**
   * Interrupts the runs that go on, waits until they have ended, and gives back memory and threads.
   */
  @Override
  public void close() {
    resources.close();
  }

  private Duration takePoint(
      SyncPlan plan, List<DiskRun> disks, PointSnapshots snapshots, Notifier notifier) {
    Map<ImageSpec, String> names = new LinkedHashMap<>();
    long start = System.nanoTime();
    try {
      for (DiskRun disk : disks) {
        if (!disk.resumes()) {
          notifier.tell(it -> it.phaseStarted(disk.plan(), SyncListener.Phase.SNAPSHOT));
          names.put(disk.plan().image(), disk.begin(plan.run()));
        }
      }
      if (names.isEmpty()) {
        return Duration.ZERO;
      }
      Map<ImageSpec, SnapshotRef> taken = snapshots.take(names);
      Duration time = Duration.ofNanos(System.nanoTime() - start);
      for (DiskRun disk : disks) {
        SnapshotRef snapshot = taken.get(disk.plan().image());
        if (snapshot != null) {
          disk.taken(snapshot);
        }
      }
      return time;
    } catch (SyncException e) {
      for (DiskRun disk : disks) {
        if (!disk.resumes()) {
          attach(e, disk::abandon);
        }
      }
      throw e;
    }
  }

  private List<DiskReport> execute(
      List<DiskRun> disks, PointSnapshots snapshots, Notifier notifier) {
    List<Future<DiskReport>> running = new ArrayList<>();
    for (DiskRun disk : disks) {
      running.add(resources.drivers().submit(() -> disk.execute(snapshots)));
    }
    List<DiskReport> reports = new ArrayList<>();
    RuntimeException failure = null;
    boolean interrupted = false;
    for (int i = 0; i < disks.size(); ) {
      try {
        reports.add(running.get(i).get());
        i++;
      } catch (InterruptedException e) {
        interrupted = true;
        running.forEach(it -> it.cancel(true));
      } catch (ExecutionException | CancellationException e) {
        RuntimeException cause = cause(disks.get(i), e);
        DiskPlan disk = disks.get(i).plan();
        notifier.tell(it -> it.diskFailed(disk, cause));
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
        i++;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure != null) {
      throw failure;
    }
    return reports;
  }

  private static RuntimeException cause(DiskRun disk, Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    if (cause instanceof InterruptedException || cause instanceof CancellationException) {
      return new SyncException(
          SyncException.failed("run", disk.plan().image())
              .because("it was cancelled")
              .advice("Plan again to take it up where it stopped.")
              .cause(cause));
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException r ? r : new IllegalStateException(cause);
  }

  /** Closes in the reverse order of opening, all of them whatever fails. */
  private static void close(List<DiskRun> disks, @Nullable RuntimeException failure) {
    RuntimeException first = failure;
    for (int i = disks.size() - 1; i >= 0; i--) {
      try {
        disks.get(i).close();
      } catch (RuntimeException e) {
        if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (failure == null && first != null) {
      throw first;
    }
  }

  private static void attach(SyncException failure, Runnable cleanUp) {
    try {
      cleanUp.run();
    } catch (SyncException e) {
      failure.addSuppressed(e);
    }
  }

  /** Collects what an engine is made of. Not thread-safe. */
  public static final class Builder {
    private @Nullable StorageCluster storage;
    private @Nullable Snapshotter snapshotter;
    private @Nullable ChainStore chains;
    private String owner = "default";
    private EngineSettings settings = EngineSettings.defaults();

    private Builder() {}

    /** The cluster that has the images. */
    public Builder storage(StorageCluster cluster) {
      storage = cluster;
      return this;
    }

    /** What takes and removes snapshots. Without one, nothing can be planned. */
    public Builder snapshotter(Snapshotter capability) {
      snapshotter = capability;
      return this;
    }

    /** Where chains are kept. */
    public Builder chains(ChainStore store) {
      chains = store;
      return this;
    }

    /**
     * The owner that snapshots are marked with; only snapshots of this owner are ever removed.
     * Default {@code "default"}.
     *
     * @param name 1 to 32 letters, digits, '-' and '_'
     */
    public Builder owner(String name) {
      if (!name.matches("[A-Za-z0-9_-]{1,32}")) {
        throw new IllegalArgumentException(
            "an owner is 1 to 32 letters, digits, '-' and '_': '" + name + "'");
      }
      owner = name;
      return this;
    }

    /** Limits and habits. Default {@link EngineSettings#defaults}. */
    public Builder settings(EngineSettings values) {
      settings = values;
      return this;
    }

    /** Starts an engine, to be closed by the caller. */
    public SyncEngine build() {
      return new SyncEngine(this);
    }
  }
}
