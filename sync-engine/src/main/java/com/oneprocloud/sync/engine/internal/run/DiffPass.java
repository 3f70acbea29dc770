// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.Bytes;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.plan.DiskFacts;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses how the changes of a run are found, and records of that what a run that takes this one up
 * has to know.
 */
final class DiffPass {
  private final OpenDisk disk;
  private final Image image;
  private final Optional<CommittedManifest> head;

  /**
   * A pass.
   *
   * @param head the point that the replica held before
   */
  DiffPass(OpenDisk disk, Image image, Optional<CommittedManifest> head) {
    this.disk = disk;
    this.image = image;
    this.head = head;
  }

  /**
   * What was chosen.
   *
   * @param open the run, as it is recorded now
   * @param base the snapshot that is compared with; null if everything is moved or compared
   * @param diff the method
   * @param before what the replica rested on object maps for before this run
   * @param allowed whether the settings allow object maps
   */
  record Chosen(
      OpenRun open, @Nullable Snapshot base, DiffSelection diff, MapTrust before, boolean allowed) {

    private boolean contradicted() {
      return diff.choice().reason() == DiffReason.MAPS_CONTRADICTED;
    }

    /** What the replica rests on object maps for once the run is committed. */
    MapTrust trust(Verification verification) {
      boolean spoilt =
          open.reason() == VerdictReason.REPLICA_DIFFERS
              && (before == MapTrust.USED || open.usesMaps());
      if (contradicted() || spoilt || before == MapTrust.QUARANTINED) {
        return MapTrust.QUARANTINED;
      }
      if (verification == Verification.ALL) {
        return MapTrust.UNUSED;
      }
      if (diff.choice().method() == DiffMethod.FAST) {
        return MapTrust.USED;
      }
      return open.verdict() == Verdict.CONTINUE ? before : MapTrust.UNUSED;
    }

    /** What a person should know. */
    List<String> notes(long moved, long size) {
      if (contradicted()) {
        return List.of(
            String.format(
                java.util.Locale.ROOT,
                "The image was reverted to a snapshot, or a client keeps its object maps wrong."
                    + " %s: %s of %s were moved. Object maps are not used for this image any more"
                    + " until SyncMode.RESYNC or SyncMode.FULL is asked for.",
                open.verdict() == Verdict.CHECKSUM_RESYNC
                    ? "Earlier points rest on its maps, so all of it was compared"
                    : "Every object was asked about",
                Bytes.text(moved),
                Bytes.text(size)));
      }
      if (open.reason() == VerdictReason.REPLICA_DIFFERS) {
        return List.of(
            String.format(
                java.util.Locale.ROOT,
                "The replica was not what it should be where nothing had changed: somebody changed"
                    + " it, the target lost data, or a change was missed. All of it was compared: %s"
                    + " of %s were moved.",
                Bytes.text(moved),
                Bytes.text(size)));
      }
      return allowed && diff.choice().method() == DiffMethod.PRECISE
          ? List.of("Every object was asked about: " + diff.choice().reason() + ".")
          : List.of();
    }
  }

  /**
   * Chooses.
   *
   * @param open the run
   * @param reader its snapshot
   * @param base the snapshot that it is compared with, if there is one
   */
  Chosen run(OpenRun open, SnapshotReader reader, @Nullable Snapshot base) {
    boolean allowed = disk.resources().settings.fastDiff();
    MapTrust before = DiskFacts.trust(head, image.identity(), open.reason());
    if (open.verdict() == Verdict.CHECKSUM_RESYNC) {
      DiffReason reason =
          switch (open.reason()) {
            case MAPS_CONTRADICTED -> DiffReason.MAPS_CONTRADICTED;
            case REPLICA_DIFFERS -> DiffReason.REPLICA_DIFFERS;
            default -> DiffReason.NO_BASE;
          };
      return compareAll(open, reader, reason, before, allowed);
    }
    DiffSelection diff =
        DiffSelection.of(image, reader, base, allowed, before, open.run().hashCode());
    DiffChoice choice = diff.choice();
    if (choice.reason() == DiffReason.MAPS_CONTRADICTED
        && before == MapTrust.USED
        && open.verdict() == Verdict.CONTINUE) {
      // what else the maps hid since the last time that all was compared, nobody can tell
      startOver();
      OpenRun resync = open.resync(VerdictReason.MAPS_CONTRADICTED);
      record(resync);
      return compareAll(resync, reader, DiffReason.MAPS_CONTRADICTED, before, allowed);
    }
    if (choice.method() == DiffMethod.FAST && !open.usesMaps()) {
      OpenRun withMaps = open.withMaps();
      record(withMaps);
      return new Chosen(withMaps, base, diff, before, allowed);
    }
    if (choice.method() != DiffMethod.FAST && open.usesMaps()) {
      startOver();
    }
    return new Chosen(open, base, diff, before, allowed);
  }

  /**
   * Chooses anew after a verification found something that the run had no reason to write: all is
   * compared. What else is wrong nobody can tell, and object maps may be the cause.
   */
  Chosen repair(Chosen chosen, SnapshotReader reader) {
    startOver();
    OpenRun resync = chosen.open().resync(VerdictReason.REPLICA_DIFFERS);
    record(resync);
    return compareAll(
        resync, reader, DiffReason.REPLICA_DIFFERS, chosen.before(), chosen.allowed());
  }

  private static Chosen compareAll(
      OpenRun open, SnapshotReader reader, DiffReason reason, MapTrust before, boolean allowed) {
    DiffChoice choice = new DiffChoice(DiffMethod.CHECKSUM, reason);
    return new Chosen(open, null, DiffSelection.all(reader, choice), before, allowed);
  }

  /** What an earlier try of this run moved by another method does not count. */
  private void startOver() {
    disk.startOver();
  }

  private void record(OpenRun open) {
    disk.resources().chains.open(disk.lease().lease(), open);
  }
}
