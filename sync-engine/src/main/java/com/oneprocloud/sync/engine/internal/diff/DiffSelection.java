// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The method that was chosen, with what it needs.
 *
 * @param choice the method and why
 * @param candidates where in the image the storage has to be asked
 */
public record DiffSelection(DiffChoice choice, Candidates candidates) {
  /** Unchanged objects, of those that exist and of those that do not, that are checked each run. */
  private static final int CHECKED = 32;

  /** Everything is asked about, whatever the maps say. */
  public static DiffSelection all(SnapshotReader reader, DiffChoice choice) {
    return new DiffSelection(choice, Candidates.all(reader.size(), reader.layout()));
  }

  /**
   * What is to be expected of a run that is planned: nothing that a map says is known yet.
   *
   * @param base the older snapshot, or null for everything
   * @param allowed whether the settings allow object maps
   * @param trust what is known of this image's maps from earlier runs
   */
  public static DiffChoice expected(
      Image image, @Nullable Snapshot base, boolean allowed, MapTrust trust) {
    DiffFacts facts =
        new DiffFacts(
            allowed,
            trust,
            image.features(),
            image.layout(),
            image.parent().isPresent(),
            allowed ? image.cacheTier() : CacheTier.UNKNOWN,
            base == null || base.size() == image.size(),
            DiffFacts.Maps.UNREAD,
            DiffFacts.Check.UNASKED);
    return facts.choice();
  }

  /**
   * Gathers the facts, as far as they matter, and chooses.
   *
   * @param image the image
   * @param reader the newer snapshot
   * @param base the older snapshot, or null for everything
   * @param allowed whether the settings allow object maps
   * @param trust what is known of this image's maps from earlier runs
   * @param seed which objects are checked
   */
  public static DiffSelection of(
      Image image,
      SnapshotReader reader,
      @Nullable Snapshot base,
      boolean allowed,
      MapTrust trust,
      long seed) {
    List<Snapshot> interval = allowed ? interval(image, base, reader.snapshot()) : List.of();
    DiffFacts facts =
        new DiffFacts(
            allowed,
            trust,
            image.features(),
            reader.layout(),
            allowed && hasParent(image, reader, base),
            allowed ? image.cacheTier() : CacheTier.UNKNOWN,
            interval.stream().allMatch(it -> it.size() == reader.size()),
            DiffFacts.Maps.UNREAD,
            DiffFacts.Check.UNASKED);
    if (facts.choice().method() != DiffMethod.FAST) {
      return all(reader, facts.choice());
    }
    Reading reading = Reading.of(image, interval, base == null);
    boolean steady =
        isWhole(interval, base, reader.snapshot())
            && interval.equals(interval(image, base, reader.snapshot()));
    facts = facts.with(steady ? reading.maps : DiffFacts.Maps.UNSTEADY);
    ChangedObjects changed = reading.changed;
    if (changed == null || facts.choice().method() != DiffMethod.FAST) {
      return all(reader, facts.choice());
    }
    facts = facts.with(check(reader, base, changed, seed));
    return facts.choice().method() == DiffMethod.FAST
        ? new DiffSelection(facts.choice(), Candidates.of(changed, reader.size(), reader.layout()))
        : all(reader, facts.choice());
  }

  /** The snapshots whose maps tell what changed, by ascending id. */
  private static List<Snapshot> interval(Image image, @Nullable Snapshot base, Snapshot end) {
    Snapshot first = base == null ? end : base;
    return image.snapshots().stream()
        .filter(it -> it.id().compareTo(first.id()) >= 0 && it.id().compareTo(end.id()) <= 0)
        .toList();
  }

  private static boolean isWhole(List<Snapshot> interval, @Nullable Snapshot base, Snapshot end) {
    return !interval.isEmpty()
        && interval.get(0).id().equals(base == null ? end.id() : base.id())
        && interval.get(interval.size() - 1).id().equals(end.id());
  }

  private static boolean hasParent(Image image, SnapshotReader reader, @Nullable Snapshot base) {
    if (image.parent().isPresent() || reader.parent().isPresent() || base == null) {
      return image.parent().isPresent() || reader.parent().isPresent();
    }
    try (SnapshotReader before = image.at(base)) {
      return before.parent().isPresent();
    }
  }

  private static DiffFacts.Check check(
      SnapshotReader reader, @Nullable Snapshot base, ChangedObjects changed, long seed) {
    List<Long> sample = changed.sample(CHECKED, new SplittableRandom(seed));
    try {
      return reader.writtenSince(base, sample).isEmpty()
          ? DiffFacts.Check.AGREES
          : DiffFacts.Check.CONTRADICTS;
    } catch (UnsupportedException e) {
      return DiffFacts.Check.IMPOSSIBLE;
    }
  }

  /** What came of reading the maps, one after the other. */
  private record Reading(DiffFacts.Maps maps, @Nullable ChangedObjects changed) {
    static Reading of(Image image, List<Snapshot> interval, boolean fromNothing) {
      ChangedObjects changed = null;
      try {
        for (Snapshot snapshot : interval) {
          ObjectMap map = image.objectMap(snapshot);
          if (!map.valid()) {
            return new Reading(DiffFacts.Maps.FLAGGED, null);
          }
          if (changed != null) {
            changed.add(map);
          } else {
            changed = fromNothing ? ChangedObjects.sinceNothing(map) : ChangedObjects.since(map);
          }
        }
      } catch (SyncException e) {
        // without a map the storage is asked; if it is the storage that fails, that fails as well
        return new Reading(DiffFacts.Maps.UNUSABLE, null);
      }
      return changed == null
          ? new Reading(DiffFacts.Maps.UNUSABLE, null)
          : new Reading(DiffFacts.Maps.COMPLETE, changed);
    }
  }
}
