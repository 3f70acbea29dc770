// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.engine.ReconcileReport;
import com.oneprocloud.sync.engine.ReconcileReport.Found;
import com.oneprocloud.sync.engine.ReconcileReport.State;
import com.oneprocloud.sync.engine.ReconcileSettings;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Everything that carries an owner's mark on images and in the cloud, held against the chains.
 *
 * <p>Needs no lease, whatever runs are under way, because of the order in which it reads: snapshots
 * first, then each chain's open run, then its manifests. A run is recorded as open before its
 * snapshot is taken, and committed before it is no longer open; so a snapshot that was listed and
 * is in neither of them was given up, and is never needed again.
 */
public final class OwnSnapshots {
  private final String owner;
  private final StorageCluster storage;
  private final @Nullable Snapshotter snapshotter;
  private final @Nullable CloudSnapshots cloud;
  private final ChainStore chains;
  private final Duration timeout;

  /**
   * The snapshots of an owner.
   *
   * @param timeout how long the cloud may take to remove one
   */
  public OwnSnapshots(
      String owner,
      StorageCluster storage,
      @Nullable Snapshotter snapshotter,
      @Nullable CloudSnapshots cloud,
      ChainStore chains,
      Duration timeout) {
    this.owner = owner;
    this.storage = storage;
    this.snapshotter = snapshotter;
    this.cloud = cloud;
    this.chains = chains;
    this.timeout = timeout;
  }

  /** Looks at them, and removes those that may be removed. */
  public ReconcileReport reconcile(ReconcileSettings settings) {
    List<String> notes = new ArrayList<>();
    List<Seen> seen = new ArrayList<>();
    for (ImageSpec image : images(settings, notes)) {
      seen.addAll(onImage(image, notes));
    }
    seen.addAll(inCloud(notes));
    Map<String, ChainId> known = new HashMap<>();
    chains.chains().forEach(it -> known.put(it.brief(), it));
    boolean orphans = settings.orphans() && !known.isEmpty();
    if (settings.orphans() && known.isEmpty() && !seen.isEmpty()) {
      notes.add(
          "The chain store knows no chain, so that nothing was removed: a disk that is not mounted"
              + " looks like an empty store.");
    }
    Map<String, Needs> needs = new HashMap<>();
    List<Found> found = new ArrayList<>();
    Instant youngest = Instant.now().minus(settings.grace());
    for (Seen snapshot : seen) {
      ChainId chain = known.get(snapshot.chain);
      Needs of = chain == null ? null : needs.computeIfAbsent(snapshot.chain, it -> needsOf(chain));
      found.add(judge(snapshot, of, settings, orphans, youngest));
    }
    found.sort(Comparator.comparing(Found::place).thenComparing(Found::name));
    return new ReconcileReport(found, notes);
  }

  /** A snapshot that carries the mark, and the ways to be rid of it. */
  private record Seen(
      String place,
      String name,
      Optional<SnapshotId> id,
      Optional<String> cloudId,
      String chain,
      Optional<Instant> created,
      @Nullable Runnable remove,
      Supplier<String> command) {
    Found as(State state, String why) {
      boolean over = state == State.NEEDED || state == State.REMOVED;
      return new Found(
          place,
          name,
          cloudId,
          chain,
          created,
          state,
          why,
          over ? Optional.empty() : Optional.of(command.get()));
    }
  }

  /**
   * What a chain needs.
   *
   * @param unreadable why nobody can tell, if so
   */
  private record Needs(Optional<OpenRun> run, Set<SnapshotRef> refs, Optional<String> unreadable) {
    /** Why it is needed, or null. */
    @Nullable String why(Seen snapshot) {
      if (unreadable.isPresent()) {
        return "its chain cannot be read: " + unreadable.get();
      }
      if (run.isPresent()
          && run.get().snapshot().isEmpty()
          && run.get().snapshotName().equals(snapshot.name)) {
        return "a run that is open takes it";
      }
      return refs.stream().anyMatch(it -> same(it, snapshot))
          ? "a base, or of a run that is open"
          : null;
    }

    private static boolean same(SnapshotRef needed, Seen snapshot) {
      return snapshot.cloudId.isPresent()
          ? snapshot.cloudId.equals(needed.cloudId())
          : snapshot.id.equals(Optional.of(needed.id())) && snapshot.name.equals(needed.name());
    }
  }

  private Found judge(
      Seen snapshot,
      @Nullable Needs needs,
      ReconcileSettings settings,
      boolean orphans,
      Instant youngest) {
    if (needs != null) {
      String why = needs.why(snapshot);
      if (why != null) {
        return snapshot.as(State.NEEDED, why);
      }
      // of no known age: the chain tells that it is not needed
      if (snapshot.created.filter(it -> it.isAfter(youngest)).isPresent()) {
        return snapshot.as(State.YOUNG, "its chain does not need it; not old enough to be removed");
      }
      return settings.remove()
          ? removed(snapshot, "its chain does not need it")
          : snapshot.as(State.LEAKED, "its chain does not need it");
    }
    String why = "its chain is not in this chain store";
    boolean old = snapshot.created.filter(it -> !it.isAfter(youngest)).isPresent();
    return settings.remove() && orphans && old
        ? removed(snapshot, why)
        : snapshot.as(State.ORPHANED, why + (old ? "" : "; not old enough to be removed"));
  }

  private static Found removed(Seen snapshot, String why) {
    if (snapshot.remove == null) {
      return snapshot.as(State.STUCK, why + "; there is nothing to remove it with");
    }
    try {
      snapshot.remove.run();
      return snapshot.as(State.REMOVED, why);
    } catch (SyncException e) {
      return snapshot.as(State.STUCK, String.valueOf(e.getMessage()));
    }
  }

  private Needs needsOf(ChainId chain) {
    try {
      // in this order: a run that is committed meanwhile is found by the one or the other
      Optional<OpenRun> run = chains.openRun(chain);
      Set<SnapshotRef> refs = new HashSet<>();
      chains.newest(chain, 2).forEach(it -> refs.add(it.manifest().snapshot()));
      run.flatMap(OpenRun::snapshot).ifPresent(refs::add);
      run.flatMap(OpenRun::base).ifPresent(refs::add);
      return new Needs(run, refs, Optional.empty());
    } catch (SyncException e) {
      return new Needs(Optional.empty(), Set.of(), Optional.of(String.valueOf(e.getMessage())));
    }
  }

  /** The images of known chains, and those of pools that were asked for. */
  private Set<ImageSpec> images(ReconcileSettings settings, List<String> notes) {
    Set<ImageSpec> images = new TreeSet<>();
    for (ChainId chain : chains.chains()) {
      try {
        chains.openRun(chain).map(OpenRun::image).ifPresent(images::add);
        for (CommittedManifest manifest : chains.newest(chain, 2)) {
          images.add(manifest.manifest().image());
        }
      } catch (SyncException e) {
        notes.add("Chain " + chain + " cannot be read: " + e.getMessage());
      }
    }
    for (String pool : settings.pools()) {
      try {
        storage.images(pool, "").forEach(it -> images.add(ImageSpec.of(pool, it)));
      } catch (SyncException e) {
        notes.add("Pool " + pool + " was not looked at: " + e.getMessage());
      }
    }
    return images;
  }

  private List<Seen> onImage(ImageSpec spec, List<String> notes) {
    List<Seen> seen = new ArrayList<>();
    try (Image image = storage.open(spec)) {
      for (Snapshot snapshot : image.snapshots()) {
        Optional<String> chain = SnapshotNames.chainOf(owner, snapshot.name());
        if (snapshot.kind() == Snapshot.Kind.USER && chain.isPresent()) {
          seen.add(onImage(spec, snapshot, chain.get()));
        }
      }
    } catch (NotFoundException e) {
      notes.add(
          "Image "
              + spec
              + " is gone, and with it its snapshots; its chain is still in the store.");
    } catch (SyncException e) {
      notes.add("Image " + spec + " was not looked at: " + e.getMessage());
    }
    return seen;
  }

  private Seen onImage(ImageSpec spec, Snapshot snapshot, String chain) {
    Snapshotter remover = snapshotter;
    return new Seen(
        spec.toString(),
        snapshot.name(),
        Optional.of(snapshot.id()),
        Optional.empty(),
        chain,
        snapshot.created(),
        remover == null ? null : () -> remover.remove(spec, snapshot),
        () -> AdminCommand.remove(spec, snapshot));
  }

  private List<Seen> inCloud(List<String> notes) {
    CloudSnapshots remover = cloud;
    List<Seen> seen = new ArrayList<>();
    if (remover == null) {
      return seen;
    }
    try {
      for (CloudSnapshot snapshot : remover.withMetadata(Map.of(VolumeSnapshots.OWNER, owner))) {
        seen.add(
            new Seen(
                "volume " + snapshot.volume(),
                snapshot.name(),
                Optional.empty(),
                Optional.of(snapshot.id().value()),
                snapshot.metadata().getOrDefault(VolumeSnapshots.CHAIN, ""),
                snapshot.created(),
                () -> remover.remove(snapshot.id(), timeout),
                () -> AdminCommand.remove(asItIsNow(remover, snapshot))));
      }
    } catch (SyncException e) {
      notes.add("The cloud's snapshots were not looked at: " + e.getMessage());
    }
    return seen;
  }

  /** Removing may have brought it to an error state. */
  private CloudSnapshot asItIsNow(CloudSnapshots lister, CloudSnapshot before) {
    try {
      return lister.withMetadata(before.metadata()).stream()
          .filter(it -> it.id().equals(before.id()))
          .findFirst()
          .orElse(before);
    } catch (SyncException e) {
      return before;
    }
  }
}
