// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.point.SnapshotWays;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Plans runs: finds each disk's image, gathers what is known of its chain, and says what a run
 * would do, or all that is in its way. Writes nothing. Thread-safe.
 */
public final class Planner {
  private final StorageCluster storage;
  private final ChainStore chains;
  private final @Nullable CloudInventory inventory;
  private final @Nullable CloudSnapshots cloudSnapshots;
  private final PoolMapping mapping;
  private final SnapshotWays ways;
  private final boolean quiesce;
  private final boolean fastDiff;

  /**
   * A planner.
   *
   * @param inventory what knows the servers; null if only images are planned for
   * @param cloudSnapshots takes snapshots of volumes; null if the cloud does not
   * @param mapping which pool the image of a disk is in
   * @param ways how snapshots are taken
   * @param quiesce whether guests are quiesced where that is possible
   * @param fastDiff whether object maps may tell what changed
   */
  public Planner(
      StorageCluster storage,
      ChainStore chains,
      @Nullable CloudInventory inventory,
      @Nullable CloudSnapshots cloudSnapshots,
      PoolMapping mapping,
      SnapshotWays ways,
      boolean quiesce,
      boolean fastDiff) {
    this.storage = storage;
    this.chains = chains;
    this.inventory = inventory;
    this.cloudSnapshots = cloudSnapshots;
    this.mapping = mapping;
    this.ways = ways;
    this.quiesce = quiesce;
    this.fastDiff = fastDiff;
  }

  /**
   * Plans for one image.
   *
   * @throws InvalidPlanException with every fault that was found
   */
  public SyncPlan plan(ImageSpec image, Target target, SyncMode mode) {
    List<Fault> faults = new ArrayList<>();
    Optional<DiskPlan> disk =
        planDisk(
            new ImageLocator.Located(image, "given"),
            Optional.empty(),
            new ReplicaName(image.pool(), nameOf(image)),
            target,
            mode,
            faults);
    if (disk.isEmpty() || !faults.isEmpty()) {
      throw new InvalidPlanException(image, faults);
    }
    return planOf(
        Optional.empty(),
        Consistency.CRASH_CONSISTENT,
        target,
        mode,
        List.of(disk.get()),
        List.of());
  }

  /**
   * Plans for all disks of a server.
   *
   * @throws InvalidPlanException with every fault that was found
   * @throws IllegalStateException if there is no inventory
   */
  public SyncPlan plan(ServerId server, Target target, SyncMode mode) {
    CloudInventory cloud = inventory;
    if (cloud == null) {
      throw new IllegalStateException("the engine was built without an inventory");
    }
    Server found = cloud.server(server);
    List<Disk> disks = cloud.disks(found);
    List<Fault> faults = new ArrayList<>(ServerDisks.faults(found, disks));
    if (cloudSnapshots != null) {
      faults.addAll(
          cloudSnapshots.check(disks.stream().flatMap(it -> it.volume().stream()).toList()));
    }
    ImageLocator locator = new ImageLocator(storage, cloud, mapping);
    List<DiskPlan> plans = new ArrayList<>();
    List<Disk> left = new ArrayList<>();
    for (Disk disk : disks) {
      if (!ServerDisks.worthMoving(disk)) {
        left.add(disk);
        continue;
      }
      ReplicaName name = new ReplicaName(server.value(), disk.id());
      locator
          .locate(disk, faults)
          .flatMap(it -> planDisk(it, Optional.of(disk), name, target, mode, faults))
          .ifPresent(plans::add);
    }
    if (!faults.isEmpty()) {
      throw new InvalidPlanException("server " + found.name() + " (" + server + ")", faults);
    }
    List<DiskPlan> cutShort = plans.stream().filter(it -> it.resumes().isPresent()).toList();
    return planOf(
        Optional.of(found),
        consistency(found, plans, !cutShort.isEmpty()),
        target,
        mode,
        cutShort.isEmpty() ? plans : cutShort,
        left);
  }

  /** What the point of a server will be, or what the one that is taken up is at the least. */
  private Consistency consistency(Server server, List<DiskPlan> disks, boolean takenUp) {
    // only volumes can be quiesced: what the cloud makes of other disks leaves nothing to diff from
    if (quiesce
        && !takenUp
        && cloudSnapshots != null
        && disks.stream().allMatch(it -> it.disk().flatMap(Disk::volume).isPresent())
        && cloudSnapshots.quiesces(server)) {
      return Consistency.QUIESCED;
    }
    return ServerDisks.consistency(disks.size());
  }

  private static SyncPlan planOf(
      Optional<Server> server,
      Consistency consistency,
      Target target,
      SyncMode mode,
      List<DiskPlan> disks,
      List<Disk> left) {
    RunId run =
        disks.stream()
            .flatMap(it -> it.resumes().stream())
            .map(OpenRun::run)
            .findFirst()
            .orElseGet(RunId::random);
    return new SyncPlan(server, run, consistency, mode, target, disks, left);
  }

  private static String nameOf(ImageSpec image) {
    return image.namespace().isEmpty() ? image.name() : image.namespace() + "/" + image.name();
  }

  private Optional<DiskPlan> planDisk(
      ImageLocator.Located located,
      Optional<Disk> disk,
      ReplicaName name,
      Target target,
      SyncMode mode,
      List<Fault> faults) {
    ChainId chain = new ChainId(name, target.id());
    if (ways.of(disk, chain, null).isEmpty()) {
      faults.add(
          new Fault(
              located.image().toString(),
              "there is nothing to take its snapshot with",
              "Give the engine a snapshotter, or cloud snapshots for volumes."));
    }
    try (Image image = storage.open(located.image())) {
      faults.addAll(target.check(name, image.size()));
      DiskFacts facts = DiskFacts.gather(image, chain, chains, target.state(name), mode);
      Decision decision = facts.decision();
      decision.fault().ifPresent(faults::add);
      return Optional.of(
          new DiskPlan(
              located.image(),
              image.identity(),
              image.size(),
              disk,
              located.how(),
              chain,
              facts.head(),
              decision.verdict(),
              decision.reason(),
              decision.base(),
              expectedDiff(image, facts),
              decision.resumes(),
              estimate(image, facts),
              disk.map(ServerDisks::notes).orElse(List.of())));
    } catch (NotFoundException | PermissionException | UnsupportedException | TargetException e) {
      faults.add(Fault.of(e));
      return Optional.empty();
    }
  }

  private DiffChoice expectedDiff(Image image, DiskFacts facts) {
    return facts.decision().verdict() == Verdict.CHECKSUM_RESYNC
        ? new DiffChoice(DiffMethod.CHECKSUM, DiffReason.NO_BASE)
        : DiffSelection.expected(
            image, facts.base().orElse(null), fastDiff, facts.trust(image.identity()));
  }

  private static OptionalLong estimate(Image image, DiskFacts facts) {
    if (facts.decision().verdict() == Verdict.CHECKSUM_RESYNC) {
      return OptionalLong.of(image.size());
    }
    try {
      return image.estimate(facts.base().orElse(null));
    } catch (DeadlineException e) {
      // a plan without a figure is better than none
      return OptionalLong.empty();
    }
  }
}
