// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.plan.Planner;
import com.oneprocloud.sync.engine.internal.point.OwnSnapshots;
import com.oneprocloud.sync.engine.internal.point.ServerSnapshots;
import com.oneprocloud.sync.engine.internal.point.SnapshotNames;
import com.oneprocloud.sync.engine.internal.point.SnapshotWays;
import com.oneprocloud.sync.engine.internal.run.Admission;
import com.oneprocloud.sync.engine.internal.run.Attempt;
import com.oneprocloud.sync.engine.internal.run.DiskRun;
import com.oneprocloud.sync.engine.internal.run.Notifier;
import com.oneprocloud.sync.engine.internal.run.RunResources;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Replicates disks: plans a run, runs it, and keeps the chain of points for the next.
 *
 * <p>Thread-safe: several runs can go on at a time and share the engine's memory and threads; any
 * number can be asked for, the others wait. The storage cluster, snapshotter and chain store belong
 * to the caller, who closes them after the engine.
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
  private final @Nullable CloudSnapshots cloudSnapshots;
  private final Duration snapshotTimeout;
  private final String owner;
  private final SnapshotWays ways;
  private final Planner planner;
  private final RunResources resources;

  private final Admission admission;

  /** Those that are not over. */
  private final Set<SyncRun> runs = ConcurrentHashMap.newKeySet();

  /** Held shared by who reconciles, and by close until the engine is gone. */
  private final ReadWriteLock reconciling = new ReentrantReadWriteLock();

  private SyncEngine(Builder builder) {
    this.storage = Objects.requireNonNull(builder.storage, "storage");
    this.chains = Objects.requireNonNull(builder.chains, "chains");
    this.snapshotter = builder.snapshotter;
    this.cloudSnapshots = builder.cloudSnapshots;
    this.snapshotTimeout = builder.snapshotTimeout;
    this.owner = builder.owner;
    this.ways = new SnapshotWays(snapshotter, cloudSnapshots, owner, snapshotTimeout);
    this.planner =
        new Planner(
            storage,
            chains,
            builder.inventory,
            cloudSnapshots,
            builder.mapping,
            ways,
            builder.quiesce,
            builder.settings.fastDiff());
    this.resources = new RunResources(builder.settings, chains);
    this.admission = new Admission(builder.settings);
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
    return planner.plan(image, target, mode);
  }

  /**
   * Plans to bring the replicas of a server's disks to a new point with the least work that is
   * certain to be right.
   */
  public SyncPlan plan(ServerId server, Target target) {
    return plan(server, target, SyncMode.AUTO);
  }

  /**
   * Plans to bring the replicas of all disks of a server to a new point. Writes nothing.
   *
   * <p>If an earlier run of some disks was cut short, the plan takes those up; the next plan brings
   * all disks to a new point.
   *
   * @param server the server
   * @param target where the replicas are, or will be
   * @param mode what is wanted beyond that
   * @throws InvalidPlanException if it cannot be done, with every fault that was found
   * @throws SyncException if cloud, source, target or chain store cannot be asked
   * @throws IllegalStateException if the engine has no inventory
   */
  public SyncPlan plan(ServerId server, Target target, SyncMode mode) {
    return planner.plan(server, target, mode);
  }

  /** Runs a plan without anybody listening. */
  public SyncReport run(SyncPlan plan) {
    return run(plan, SyncListener.NONE);
  }

  /**
   * Runs a plan: takes the snapshots, moves what changed, verifies and commits. Blocks until it is
   * done, and before that until it is its turn. The work is done by threads of the engine, which
   * call the listener too.
   *
   * <p>If a disk fails, the others go on; then the first failure is thrown, later ones are attached
   * to it. Disks that had committed stay committed, the others can be taken up by the next plan.
   * Interrupting the calling thread cancels the run and leaves it so that it can be taken up.
   *
   * @throws ConflictException if another run holds a lease, or a chain moved since the plan was
   *     made
   * @throws SyncException if a disk failed
   * @throws IllegalStateException if the engine is closed
   */
  public SyncReport run(SyncPlan plan, SyncListener listener) {
    return run(plan, listener, new RunControl());
  }

  /**
   * The same, steered by another thread. After a pause it plans again: the listener hears of
   * several runs, the report names the disks of all of them.
   *
   * @throws SyncException if a disk failed, or the run was cancelled
   */
  public SyncReport run(SyncPlan plan, SyncListener listener, RunControl control) {
    SyncRun run = submit(plan, listener, control);
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return run.await();
        } catch (InterruptedException e) {
          interrupted = true;
          run.cancel();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Has a plan run when it is its turn, without anybody listening. */
  public SyncRun submit(SyncPlan plan) {
    return submit(plan, SyncListener.NONE);
  }

  /**
   * Has a plan run when it is its turn. Returns at once; the run does what {@link #run(SyncPlan,
   * SyncListener)} describes.
   *
   * <p>At most {@link EngineSettings#runsAtATime} runs go on. The others are held back before they
   * open or take anything, so that thousands may wait for the price of their plans. With a {@link
   * Limits#recoveryPoint}, servers go first whose point is overdue, then those whose point will be
   * so next. Among the others, and without one, the order is that in which they would be done if
   * all servers got the same number of bytes a second: small ones go early, and no server waits for
   * ever. It is worked out from the estimates of the plans.
   *
   * <p>A plan does not age by waiting: writes to the image, and its growth, are found when the run
   * begins. If something else ran the chain meanwhile, or the image was replaced, the run fails
   * with a {@link ConflictException}, and nothing was done.
   *
   * @throws IllegalStateException if the engine is closed
   */
  public SyncRun submit(SyncPlan plan, SyncListener listener) {
    return submit(plan, listener, new RunControl());
  }

  /**
   * The same, steered by a control.
   *
   * @throws IllegalStateException if the engine is closed, or the control steers a run that is not
   *     over
   */
  public SyncRun submit(SyncPlan plan, SyncListener listener, RunControl control) {
    checkOpen();
    SyncRun run = new SyncRun(this, plan, listener, control);
    control.steer(run);
    runs.add(run);
    new Notifier(listener).tell(it -> it.runWaiting(plan));
    run.look();
    return run;
  }

  private void checkOpen() {
    if (admission.isClosed()) {
      throw new IllegalStateException("the engine is closed");
    }
  }

  Admission admission() {
    return admission;
  }

  /** The run is over. */
  void forget(SyncRun run) {
    runs.remove(run);
  }

  /** What is left of a plan whose run was stopped. */
  SyncPlan rest(SyncPlan plan) {
    SyncPlan rest = planAgain(plan, SyncMode.AUTO);
    return rest.resumes() ? rest : planAgain(plan, plan.mode());
  }

  private SyncPlan planAgain(SyncPlan plan, SyncMode mode) {
    return plan.server().isPresent()
        ? plan(plan.server().get().id(), plan.target(), mode)
        : plan(plan.disks().get(0).image(), plan.target(), mode);
  }

  /** An attempt at a plan; tells of each disk that is at rest. */
  Attempt attempt(SyncPlan plan, SyncListener listener, Consumer<DiskPlan> atRest) {
    ServerSnapshots together = ways.together(plan);
    return new Attempt(
        plan,
        resources,
        listener,
        together,
        (disk, notifier) ->
            new DiskRun(
                disk,
                plan.target(),
                plan.mode(),
                storage,
                ways.of(disk.disk(), disk.chain(), together),
                new SnapshotNames(owner, disk.chain()),
                owner,
                resources,
                notifier),
        atRest);
  }

  /**
   * Looks for snapshots that carry the owner's mark and holds them against the chains; removes
   * those that no chain needs, if that is asked for. Foreign snapshots are neither reported nor
   * touched. May be called at any time, beside runs too.
   *
   * <p>A run removes by itself what earlier runs of its chain have left. This is for what no run
   * comes to: chains that are not run any more, snapshots that could not be removed.
   *
   * @throws SyncException if the chain store cannot be asked; what else cannot be is in the
   *     report's notes
   */
  public ReconcileReport reconcile(ReconcileSettings how) {
    reconciling.readLock().lock();
    try {
      checkOpen();
      return new OwnSnapshots(owner, storage, snapshotter, cloudSnapshots, chains, snapshotTimeout)
          .reconcile(how);
    } finally {
      reconciling.readLock().unlock();
    }
  }

  /**
   * What the engine does now and has done: for a status page or the gauges and counters of a
   * metrics system. Cheap enough for every second.
   */
  public EngineFigures figures() {
    return resources
        .meter()
        .figures(
            bytesInFlight(), admission.admitted(), admission.waiting(), resources.allowedRates());
  }

  /** Bytes of data that are in memory now, of {@link EngineSettings#bytesInFlight} at the most. */
  public long bytesInFlight() {
    return resources.bytesOut();
  }

  /**
   * Cancels all runs, those that wait and are paused included, waits until they are at rest, and
   * gives back memory and threads.
   */
  @Override
  public void close() {
    admission.stop();
    runs.forEach(SyncRun::cancel);
    resources.stop();
    admission.close();
    reconciling.writeLock().lock();
    try {
      resources.close();
    } finally {
      reconciling.writeLock().unlock();
    }
  }

  /** Collects what an engine is made of. Not thread-safe. */
  public static final class Builder {
    private @Nullable StorageCluster storage;
    private @Nullable Snapshotter snapshotter;
    private @Nullable ChainStore chains;
    private @Nullable CloudInventory inventory;
    private @Nullable CloudSnapshots cloudSnapshots;
    private PoolMapping mapping = PoolMapping.empty();
    private Duration snapshotTimeout = Duration.ofMinutes(10);
    private boolean quiesce;
    private String owner = "default";
    private EngineSettings settings = EngineSettings.defaults();

    private Builder() {}

    /** The cluster that has the images. */
    public Builder storage(StorageCluster cluster) {
      storage = cluster;
      return this;
    }

    /** What knows the servers; needed to plan for a server. */
    public Builder inventory(CloudInventory cloud) {
      inventory = cloud;
      return this;
    }

    /**
     * Lets the cloud take the snapshots of volumes, with the library that its hosts use themselves.
     * Without this, they are taken by the {@link #snapshotter}.
     */
    public Builder cloudSnapshots(CloudSnapshots snapshots) {
      cloudSnapshots = snapshots;
      return this;
    }

    /** How long the cloud may take for a snapshot; default 10 minutes. */
    public Builder snapshotTimeout(Duration timeout) {
      snapshotTimeout = timeout;
      return this;
    }

    /**
     * Has the cloud quiesce guests for their snapshots where {@link CloudSnapshots#quiesces} says
     * that it would; default false. The plan says for which server, the report whether it was
     * tried. A guest may not write until the last snapshot is taken.
     */
    public Builder quiesce(boolean whether) {
      quiesce = whether;
      return this;
    }

    /** Which pool the image of a disk is in. Default: none, so that every image is looked for. */
    public Builder mapping(PoolMapping pools) {
      mapping = pools;
      return this;
    }

    /**
     * What takes and removes snapshots directly on images: of disks that are no volumes, and of
     * volumes without {@link #cloudSnapshots}.
     */
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
