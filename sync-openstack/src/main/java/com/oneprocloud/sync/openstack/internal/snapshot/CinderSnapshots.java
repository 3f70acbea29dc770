// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.snapshot;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.QuotaExceededException;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.SnapshotQuota;
import com.oneprocloud.sync.openstack.internal.block.Cinder;
import com.oneprocloud.sync.openstack.internal.block.ProjectQuota;
import com.oneprocloud.sync.openstack.internal.http.Deadline;
import com.oneprocloud.sync.openstack.internal.http.Failures;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.inventory.Parallel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes Cinder snapshots of all disks of a point together and removes them again. A request whose
 * answer was lost is never repeated: the snapshot is looked up by name and volume. Thread-safe.
 */
public final class CinderSnapshots implements CloudSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(CinderSnapshots.class);

  /** What every release and the image service accept alike. */
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9_.:-]{1,255}");

  private static final int LONGEST = 255;
  private static final long GIB = 1L << 30;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

  /** How long cleaning up may take when the caller's own time has run out. */
  private static final Duration CLEANUP = Duration.ofMinutes(1);

  /** How long a request that was cut off may still be on its way into Cinder's database. */
  private static final Duration STRAGGLER = Duration.ofSeconds(15);

  private final String cloud;
  private final Cinder cinder;
  private final Parallel parallel;
  private final Ticker ticker;
  private final Supplier<Token> token;

  /**
   * The snapshots of a cloud.
   *
   * @param token tells the user's project and roles in it
   */
  public CinderSnapshots(
      String cloud, Cinder cinder, Parallel parallel, Ticker ticker, Supplier<Token> token) {
    this.cloud = cloud;
    this.token = token;
    this.cinder = cinder;
    this.parallel = parallel;
    this.ticker = ticker;
  }

  @Override
  public List<CloudSnapshot> create(
      List<VolumeId> volumes, String name, Map<String, String> metadata, Duration timeout) {
    check(volumes, name, metadata);
    if (volumes.isEmpty()) {
      return List.of();
    }
    Deadline deadline = Deadline.in(timeout, ticker);
    checkQuota(volumes.size(), name);
    List<Parallel.Outcome<CloudSnapshot>> outcomes =
        parallel.outcomes(volumes, volume -> take(volume, name, metadata, deadline));
    List<CloudSnapshot> taken = new ArrayList<>();
    List<VolumeId> unsure = new ArrayList<>();
    RuntimeException failure = null;
    for (int i = 0; i < outcomes.size(); i++) {
      RuntimeException each = outcomes.get(i).failure();
      if (each == null) {
        taken.add(outcomes.get(i).value());
      } else {
        if (each instanceof SyncException it && Failures.outcomeUnknown(it)) {
          unsure.add(volumes.get(i));
        }
        if (failure == null) {
          failure = each;
        } else {
          failure.addSuppressed(each);
        }
      }
    }
    try {
      if (failure != null) {
        throw failure;
      }
      return awaitAvailable(taken, name, deadline);
    } catch (RuntimeException e) {
      cleanUp(taken, unsure, name, e);
      throw e;
    }
  }

  @Override
  public List<Fault> check(List<Volume> volumes) {
    List<Fault> faults = new ArrayList<>();
    if (token.get().roles().equals(List.of("reader"))) {
      faults.add(
          new Fault(
              "cloud " + cloud,
              "the user has the role reader only, which may not take snapshots",
              "Give the user the role member in the project"));
    }
    List<Parallel.Outcome<Volume>> outcomes = parallel.outcomes(volumes, this::seen);
    List<Volume> seen = new ArrayList<>();
    for (int i = 0; i < volumes.size(); i++) {
      String subject = "volume " + volumes.get(i).id();
      RuntimeException failure = outcomes.get(i).failure();
      if (failure instanceof NotFoundException || failure instanceof PermissionException) {
        faults.add(
            new Fault(
                subject, "the user cannot see it", "Check the project that the user works in"));
      } else if (failure != null) {
        throw failure;
      } else {
        stateFault(subject, outcomes.get(i).value()).ifPresent(faults::add);
        seen.add(outcomes.get(i).value());
      }
    }
    if (!volumes.isEmpty()) {
      faults.addAll(quotaFaults(volumes.size(), seen));
    }
    return faults;
  }

  /**
   * A volume as it was told, if its project is the user's own: whoever told it, the user sees it.
   */
  private Volume seen(Volume told) {
    boolean own = told.projectId().isPresent() && told.projectId().equals(token.get().projectId());
    return own ? told : cinder.volume(told.id());
  }

  /** What the quotas would refuse, of the project and of each volume type, as far as it is sure. */
  private List<Fault> quotaFaults(int snapshots, List<Volume> volumes) {
    ProjectQuota quota = quota();
    List<Need> needs = new ArrayList<>();
    needs.add(new Need("", snapshots, Need.gibibytes(volumes), quota.left()));
    Map<String, List<Volume>> byType = new TreeMap<>();
    for (Volume each : volumes) {
      each.type().ifPresent(it -> byType.computeIfAbsent(it, type -> new ArrayList<>()).add(each));
    }
    typeQuotas(byType.keySet())
        .forEach(
            (type, left) ->
                needs.add(Need.ofType(type, byType.getOrDefault(type, List.of()), left)));
    List<Fault> faults = new ArrayList<>();
    for (Need each : needs) {
      each.tooMany(cloud).ifPresent(faults::add);
    }
    List<Fault> tooLarge = needs.stream().flatMap(it -> it.tooLarge(cloud).stream()).toList();
    if (!tooLarge.isEmpty() && countsGibibytes(quota.gibibytesUsed())) {
      faults.addAll(tooLarge);
    }
    return faults;
  }

  /**
   * Snapshots to take, and what a quota leaves for them.
   *
   * @param ofWhat nothing for all of them, or of which volume type
   */
  private record Need(String ofWhat, int snapshots, long gibibytes, SnapshotQuota left) {
    static Need ofType(String type, List<Volume> volumes, SnapshotQuota left) {
      return new Need(" of volume type " + type, volumes.size(), gibibytes(volumes), left);
    }

    static long gibibytes(List<Volume> volumes) {
      return volumes.stream().mapToLong(Volume::size).sum() / GIB;
    }

    Optional<Fault> tooMany(String cloud) {
      return left.allows(snapshots)
          ? Optional.empty()
          : Optional.of(
              new Fault(
                  "cloud " + cloud,
                  snapshots
                      + " snapshots"
                      + ofWhat
                      + " are needed and the project's quota leaves "
                      + left.snapshotsLeft().orElse(0),
                  "Remove snapshots that are not needed any more or have the quota raised"));
    }

    Optional<Fault> tooLarge(String cloud) {
      return left.gibibytesLeft().orElse(gibibytes) >= gibibytes
          ? Optional.empty()
          : Optional.of(
              new Fault(
                  "cloud " + cloud,
                  "the snapshots"
                      + ofWhat
                      + " count as "
                      + gibibytes
                      + " GiB and the project's quota leaves "
                      + left.gibibytesLeft().orElse(0),
                  "Remove volumes or snapshots that are not needed any more or have the quota"
                      + " raised"));
    }
  }

  /**
   * Whether the quota of GiB surely counts snapshots. Cinder does unless it was told not to, which
   * no user can see; but where the project has snapshots, the sum that it counts as used shows it.
   * A sum that does not come out even proves nothing: then the request itself has to tell.
   */
  private boolean countsGibibytes(OptionalLong used) {
    return told(
        "what the quota counts",
        () -> {
          long snapshots =
              cinder.snapshots(Map.of()).stream().mapToLong(it -> it.size() / GIB).sum();
          long volumes = cinder.volumes(false).stream().mapToLong(it -> it.size() / GIB).sum();
          return snapshots > 0 && used.isPresent() && used.getAsLong() == volumes + snapshots;
        },
        false);
  }

  /**
   * Cinder of Pike and later takes snapshots in these two states only, and never of a migration.
   */
  private static Optional<Fault> stateFault(String subject, Volume volume) {
    String migration = volume.migrationStatus().orElse("none");
    if (migration.equals("migrating") || migration.equals("starting")) {
      return Optional.of(
          new Fault(subject, "it is being migrated", "Wait until the migration has ended"));
    }
    if (volume.status().equals("available") || volume.status().equals("in-use")) {
      return Optional.empty();
    }
    return Optional.of(
        new Fault(
            subject,
            "its status is " + volume.status() + ", which allows no snapshot",
            "Wait until it is available or in-use"));
  }

  private static void check(List<VolumeId> volumes, String name, Map<String, String> metadata) {
    if (new HashSet<>(volumes).size() != volumes.size()) {
      throw new IllegalArgumentException("a volume is named twice: " + volumes);
    }
    if (name.isBlank() || name.length() > LONGEST) {
      throw new IllegalArgumentException("a name needs 1 to 255 characters: '" + name + "'");
    }
    metadata.forEach(
        (key, value) -> {
          if (!KEY.matcher(key).matches() || value.length() > LONGEST) {
            throw new IllegalArgumentException(
                "metadata needs keys of A-Z a-z 0-9 _ . : - and values up to 255 characters: "
                    + key);
          }
        });
  }

  /** Refuses before anything is made what the quota would refuse in the middle. */
  private void checkQuota(int wanted, String name) {
    if (wanted == 1) {
      return; // The request itself will tell, and leaves nothing behind.
    }
    SnapshotQuota quota = quota().left();
    if (!quota.allows(wanted)) {
      throw new QuotaExceededException(
          failed("take snapshots", name)
              .because(
                  "%d are needed and the quota leaves %d", wanted, quota.snapshotsLeft().orElse(0))
              .advice(
                  "Remove snapshots that are not needed any more or have the project's quota"
                      + " raised"));
    }
  }

  /** What the project may have; without limits where Cinder does not tell it. */
  private ProjectQuota quota() {
    return told("the quota", cinder::quota, ProjectQuota.untold());
  }

  /** What is left of the quotas of some volume types; none where Cinder does not tell them. */
  private Map<String, SnapshotQuota> typeQuotas(Set<String> types) {
    Optional<String> project = token.get().projectId();
    return types.isEmpty() || project.isEmpty()
        ? Map.of()
        : told("quotas of volume types", () -> cinder.typeQuotas(project.get(), types), Map.of());
  }

  /** What the cloud answers, or something else where it refuses to. */
  private <T> T told(String what, Supplier<T> question, T untold) {
    try {
      return question.get();
    } catch (SyncException e) {
      if (ServiceFault.of(e).isEmpty()) {
        throw e;
      }
      LOG.debug("Cloud {}: it does not tell {}: {}", cloud, what, e.getMessage());
      return untold;
    }
  }

  private CloudSnapshot take(
      VolumeId volume, String name, Map<String, String> metadata, Deadline deadline) {
    try {
      return cinder.createSnapshot(volume, name, metadata, deadline);
    } catch (SyncException e) {
      if (!Failures.outcomeUnknown(e)) {
        throw e;
      }
      LOG.info("Cloud {}: no answer for snapshot {} of {}, looking it up", cloud, name, volume);
      Optional<CloudSnapshot> found = lookUp(volume, name, e);
      if (found.isEmpty()) {
        throw e;
      }
      return found.get();
    }
  }

  /** Finds a snapshot whose answer was lost; it may still be on its way for a while. */
  private Optional<CloudSnapshot> lookUp(VolumeId volume, String name, SyncException lost) {
    Deadline patience = Deadline.in(STRAGGLER, ticker);
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        Optional<CloudSnapshot> found =
            cinder.snapshots(cinder.named(name)).stream()
                .filter(it -> it.name().equals(name) && it.volume().equals(volume))
                .findFirst();
        if (found.isPresent() || patience.hasPassed()) {
          return found;
        }
      } catch (SyncException e) {
        lost.addSuppressed(e);
        return Optional.empty();
      }
      pause(patience, pause);
      pause = longer(pause);
    }
  }

  private List<CloudSnapshot> awaitAvailable(
      List<CloudSnapshot> taken, String name, Deadline deadline) {
    Map<CloudSnapshotId, CloudSnapshot> states = new HashMap<>();
    taken.forEach(it -> states.put(it.id(), it));
    Duration pause = FIRST_PAUSE;
    while (true) {
      List<CloudSnapshotId> waiting = new ArrayList<>();
      for (CloudSnapshot each : taken) {
        CloudSnapshot state = states.getOrDefault(each.id(), each);
        if (!isAvailable(state)) {
          waiting.add(each.id());
        }
      }
      if (waiting.isEmpty()) {
        return taken.stream().map(it -> states.getOrDefault(it.id(), it)).toList();
      }
      if (deadline.hasPassed()) {
        throw new DeadlineException(
            failed("wait for snapshots " + name, waiting)
                .because("they were not available within %s", deadline.allowed())
                .advice("Look at the volume service's log, or allow more time"));
      }
      pause(deadline, pause);
      pause = longer(pause);
      refresh(states, waiting, name, deadline);
    }
  }

  /** One call for one snapshot, one listing by name for several. */
  private void refresh(
      Map<CloudSnapshotId, CloudSnapshot> states,
      List<CloudSnapshotId> waiting,
      String name,
      Deadline deadline) {
    Map<CloudSnapshotId, CloudSnapshot> listed = new HashMap<>();
    if (waiting.size() > 1) {
      cinder.snapshots(cinder.named(name)).forEach(it -> listed.put(it.id(), it));
    }
    for (CloudSnapshotId id : waiting) {
      CloudSnapshot state = listed.get(id);
      if (state == null) {
        state =
            cinder
                .findSnapshot(id, deadline)
                .orElseThrow(
                    () ->
                        new ConflictException(
                            failed("wait for snapshot " + name, id)
                                .because("somebody removed it meanwhile")
                                .advice("Find out what else works on this project's snapshots")));
      }
      states.put(id, state);
    }
  }

  private static boolean isAvailable(CloudSnapshot state) {
    return switch (state.status()) {
      case "available", "backing-up" -> true;
      case "error" ->
          throw new SyncException(
              failed("take snapshot of volume " + state.volume(), state.id())
                  .because("it went to the state error")
                  .advice(
                      "Look for the snapshot's id in the volume service's log, often the backend"
                          + " was unreachable or full"));
      case "deleting", "deleted", "error_deleting" ->
          throw new ConflictException(
              failed("wait for snapshot", state.id())
                  .because("its state is %s: somebody removes it", state.status())
                  .advice("Find out what else works on this project's snapshots"));
      default -> false; // creating, and whatever a later release calls being busy
    };
  }

  /** Removes what a point that failed has left; what cannot be removed is said. */
  private void cleanUp(
      List<CloudSnapshot> taken, List<VolumeId> unsure, String name, RuntimeException failure) {
    boolean interrupted = Thread.interrupted();
    try {
      List<CloudSnapshotId> left = new ArrayList<>();
      taken.forEach(it -> left.add(it.id()));
      if (!unsure.isEmpty()) {
        cinder.snapshots(cinder.named(name)).stream()
            .filter(it -> it.name().equals(name) && unsure.contains(it.volume()))
            .forEach(it -> left.add(it.id()));
      }
      for (Parallel.Outcome<Boolean> outcome :
          parallel.outcomes(left, id -> removed(id, CLEANUP))) {
        RuntimeException each = outcome.failure();
        if (each != null) {
          failure.addSuppressed(each);
        }
      }
      LOG.info("Cloud {}: snapshots {} failed, removed {} of them", cloud, name, left.size());
    } catch (SyncException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean removed(CloudSnapshotId id, Duration timeout) {
    remove(id, timeout);
    return true;
  }

  @Override
  public List<CloudSnapshot> withMetadata(Map<String, String> metadata) {
    return withMetadata(cinder.snapshots(Map.of()), metadata);
  }

  @Override
  public List<CloudSnapshot> withMetadata(VolumeId volume, Map<String, String> metadata) {
    // a cloud that knows no such parameter tells of all volumes
    return withMetadata(
        cinder.snapshots(Map.of("volume_id", volume.value())).stream()
            .filter(it -> it.volume().equals(volume))
            .toList(),
        metadata);
  }

  private static List<CloudSnapshot> withMetadata(
      List<CloudSnapshot> snapshots, Map<String, String> metadata) {
    return snapshots.stream()
        .filter(it -> it.metadata().entrySet().containsAll(metadata.entrySet()))
        .toList();
  }

  /**
   * Removes what somebody who works for us left behind.
   *
   * @param part what is in the snapshots' names; must be unique
   * @param volumes the volumes
   * @param failure takes what cannot be removed
   */
  void removeNamedLike(String part, List<VolumeId> volumes, SyncException failure) {
    try {
      List<CloudSnapshotId> left =
          cinder.snapshots(Map.of()).stream()
              .filter(it -> it.name().contains(part) && volumes.contains(it.volume()))
              .map(CloudSnapshot::id)
              .toList();
      for (Parallel.Outcome<Boolean> outcome :
          parallel.outcomes(left, id -> removed(id, CLEANUP))) {
        RuntimeException each = outcome.failure();
        if (each != null) {
          failure.addSuppressed(each);
        }
      }
    } catch (SyncException e) {
      failure.addSuppressed(e);
    }
  }

  /** The snapshots with these ids, once all are available. */
  List<CloudSnapshot> await(List<CloudSnapshotId> ids, String name, Deadline deadline) {
    List<CloudSnapshot> found = new ArrayList<>();
    for (CloudSnapshotId id : ids) {
      found.add(
          cinder
              .findSnapshot(id, deadline)
              .orElseThrow(
                  () ->
                      new NotFoundException(
                          failed("wait for snapshot", id)
                              .because("the image refers to it and it is not there")
                              .advice("Find out what else works on this project's snapshots"))));
    }
    return awaitAvailable(found, name, deadline);
  }

  @Override
  public void remove(CloudSnapshotId id, Duration timeout) {
    Deadline deadline = Deadline.in(timeout, ticker);
    Duration pause = FIRST_PAUSE;
    boolean asked = false;
    int refusals = 0;
    while (true) {
      ConflictException refusal = asked ? null : refusalOf(id, deadline);
      asked |= refusal == null;
      Optional<CloudSnapshot> found = cinder.findSnapshot(id, deadline);
      if (found.isEmpty() || found.get().status().equals("deleted")) {
        return;
      }
      CloudSnapshot state = found.get();
      if (refusal == null) {
        checkGoing(state);
      } else if (state.status().equals("deleting")) {
        asked = true; // An earlier attempt, or somebody else's.
      } else if (isAtRest(state) && ++refusals > 1) {
        // Once it may have come to rest just after the refusal; twice it is for good.
        throw isInError(state) ? inError(state, refusal) : refusal;
      }
      if (deadline.hasPassed()) {
        throw new DeadlineException(
            failed("remove snapshot", id)
                .because("its state is still %s after %s", state.status(), deadline.allowed())
                .advice("Look at the volume service's log, or allow more time"));
      }
      pause(deadline, pause);
      pause = longer(pause);
    }
  }

  /** Asks the cloud to remove a snapshot; what it says if it does not want to now. */
  private @Nullable ConflictException refusalOf(CloudSnapshotId id, Deadline deadline) {
    try {
      cinder.deleteSnapshot(id, deadline);
    } catch (NotFoundException e) {
      LOG.debug("Cloud {}: snapshot {} is gone already", cloud, id);
    } catch (ConflictException e) {
      return e;
    }
    return null;
  }

  private static boolean isAtRest(CloudSnapshot state) {
    return switch (state.status()) {
      case "creating", "updating", "backing-up", "restoring", "unmanaging" -> false;
      default -> true;
    };
  }

  private static void checkGoing(CloudSnapshot state) {
    switch (state.status()) {
      // Cinder sets "deleting" before it answers; "available" again means that it gave up.
      case "available" ->
          throw new ConflictException(
              failed("remove snapshot", state.id())
                  .because("the cloud went back to the state available: a clone depends on it")
                  .advice(
                      "Remove or flatten the volumes that were made of it, then remove it again"));
      case "error_deleting", "error" -> throw inError(state, null);
      default -> {}
    }
  }

  private static boolean isInError(CloudSnapshot state) {
    return state.status().equals("error_deleting") || state.status().equals("error");
  }

  /** Cinder itself never comes back from these states, nor does it let its users. */
  private static ConflictException inError(
      CloudSnapshot state, @Nullable ConflictException refusal) {
    return new ConflictException(
        failed("remove snapshot", state.id())
            .because("it went to the state %s", state.status())
            .advice(
                "An administrator can look at the volume service's log and then run:"
                    + " openstack volume snapshot set --state available %s",
                state.id())
            .cause(refusal));
  }

  private void pause(Deadline deadline, Duration pause) {
    try {
      deadline.sleep(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SyncException(
          failed("wait for snapshots", "cloud " + cloud)
              .because("the thread was interrupted")
              .cause(e));
    }
  }

  private static Duration longer(Duration pause) {
    Duration next = pause.multipliedBy(3).dividedBy(2);
    return next.compareTo(LONGEST_PAUSE) < 0 ? next : LONGEST_PAUSE;
  }
}
