// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.util.Optional;

/**
 * What a run may do with a chain.
 *
 * @param verdict the verdict
 * @param reason why
 * @param base the snapshot to compare with
 * @param also what has to be moved besides the difference to the base
 * @param resumes the open run to take up
 * @param fault why nothing may be done, if so
 */
public record Decision(
    Verdict verdict,
    VerdictReason reason,
    Optional<SnapshotRef> base,
    Extents also,
    Optional<OpenRun> resumes,
    Optional<Fault> fault) {

  /** Decides. A pure function: the same facts give the same decision. */
  static Decision of(ChainFacts facts) {
    Optional<OpenRun> resumable = facts.openRun().filter(run -> resumable(facts, run));
    if (resumable.isPresent() && facts.mode() == SyncMode.AUTO) {
      OpenRun run = resumable.get();
      Extents also =
          run.reason() == VerdictReason.SPARE_BASE_PRESENT
              ? facts.head().map(head -> head.manifest().extents()).orElse(Extents.none())
              : Extents.none();
      return new Decision(
          run.verdict(), VerdictReason.RUN_RESUMED, run.base(), also, resumable, Optional.empty());
    }
    if (facts.mode() == SyncMode.FULL) {
      return all(Verdict.FULL, VerdictReason.REQUESTED);
    }
    if (facts.replica() instanceof ReplicaState.Empty) {
      return all(
          Verdict.FULL,
          facts.head().isPresent() ? VerdictReason.REPLICA_MISSING : VerdictReason.FIRST_POINT);
    }
    if (facts.replica() instanceof ReplicaState.Changed) {
      return facts.mode() == SyncMode.RESYNC
          ? all(Verdict.CHECKSUM_RESYNC, VerdictReason.REQUESTED)
          : foreign(facts);
    }
    if (facts.head().isEmpty()) {
      if (facts.mode() == SyncMode.RESYNC) {
        return all(Verdict.CHECKSUM_RESYNC, VerdictReason.REQUESTED);
      }
      return facts.replica() instanceof ReplicaState.InFlight inFlight && inFlight.from().isEmpty()
          ? all(Verdict.FULL, VerdictReason.FIRST_POINT)
          : foreign(facts);
    }
    CommittedManifest head = facts.head().get();
    if (facts.replica() instanceof ReplicaState.InFlight inFlight
        && !inFlight.run().equals(head.manifest().run())) {
      // what the lost run wrote is not in the difference between the base and the new snapshot if
      // the
      // image was rolled back meanwhile
      boolean ours = inFlight.from().equals(Optional.of(head.hash()));
      return ours || facts.mode() == SyncMode.RESYNC
          ? all(Verdict.CHECKSUM_RESYNC, VerdictReason.RUN_LOST)
          : foreign(facts);
    }
    if (facts.replica() instanceof ReplicaState.Committed committed
        && !committed.at().equals(head.hash())
        && facts.mode() != SyncMode.RESYNC) {
      return foreign(facts);
    }
    return known(facts, head.manifest());
  }

  /** The replica holds the chain's newest point. */
  private static Decision known(ChainFacts facts, Manifest head) {
    if (facts.mode() == SyncMode.RESYNC) {
      return all(Verdict.CHECKSUM_RESYNC, VerdictReason.REQUESTED);
    }
    if (!facts.identity().equals(head.identity())) {
      return all(Verdict.CHECKSUM_RESYNC, VerdictReason.IMAGE_REPLACED);
    }
    if (!facts.layout().equals(head.layout())) {
      return all(Verdict.CHECKSUM_RESYNC, VerdictReason.LAYOUT_CHANGED);
    }
    if (facts.cacheTier() == CacheTier.PRESENT) {
      return all(Verdict.CHECKSUM_RESYNC, VerdictReason.CACHE_TIER);
    }
    if (facts.snapshots().contains(head.snapshot().id())) {
      return since(head.snapshot(), VerdictReason.BASE_PRESENT, Extents.none());
    }
    Optional<SnapshotRef> spare = facts.before().map(it -> it.manifest().snapshot());
    // the head's extents tell how the replica differs from the spare base only if they were worked
    // out
    // from that base
    Optional<SnapshotId> headBase = head.base().map(SnapshotRef::id);
    if (spare.isPresent()
        && facts.snapshots().contains(spare.get().id())
        && head.verdict() == Verdict.CONTINUE
        && headBase.equals(spare.map(SnapshotRef::id))) {
      return since(spare.get(), VerdictReason.SPARE_BASE_PRESENT, head.extents());
    }
    return all(Verdict.CHECKSUM_RESYNC, VerdictReason.BASE_LOST);
  }

  /** A run can be taken up if the replica is in its hands and its snapshots are there. */
  private static boolean resumable(ChainFacts facts, OpenRun run) {
    return facts.replica() instanceof ReplicaState.InFlight inFlight
        && inFlight.run().equals(run.run())
        && run.identity().equals(facts.identity())
        && run.from().equals(facts.head().map(CommittedManifest::hash))
        && run.snapshot().isPresent()
        && facts.snapshots().contains(run.snapshot().get().id())
        && (run.base().isEmpty() || facts.snapshots().contains(run.base().get().id()));
  }

  private static Decision all(Verdict verdict, VerdictReason reason) {
    return new Decision(
        verdict, reason, Optional.empty(), Extents.none(), Optional.empty(), Optional.empty());
  }

  private static Decision since(SnapshotRef base, VerdictReason reason, Extents also) {
    return new Decision(
        Verdict.CONTINUE, reason, Optional.of(base), also, Optional.empty(), Optional.empty());
  }

  private static Decision foreign(ChainFacts facts) {
    Fault fault =
        new Fault(
            "replica",
            held(facts.replica())
                + ", the chain's last point is "
                + facts.head().map(head -> head.hash().brief()).orElse("none"),
            "Point to the right chain store and target, or ask for SyncMode.RESYNC to make the replica"
                + " this chain's own, or for SyncMode.FULL to overwrite it.");
    return new Decision(
        Verdict.FULL,
        VerdictReason.REPLICA_MISSING,
        Optional.empty(),
        Extents.none(),
        Optional.empty(),
        Optional.of(fault));
  }

  private static String held(ReplicaState replica) {
    if (replica instanceof ReplicaState.Committed committed) {
      return "it holds point " + committed.at().brief();
    }
    if (replica instanceof ReplicaState.Changed changed) {
      return "it is not what was recorded: " + changed.how();
    }
    return "it holds the unfinished work of a run that is not of this chain";
  }
}
