// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecisionTest {
  private static final ChainId CHAIN = new ChainId(new ReplicaName("pool", "disk"), "target");
  private static final ImageSpec IMAGE = ImageSpec.of("pool", "disk");
  private static final ImageIdentity SAME = new ImageIdentity("fsid", 1, "", "abc");
  private static final ImageIdentity OTHER = new ImageIdentity("fsid", 1, "", "def");
  private static final Layout LAYOUT = new Layout(4 << 20, 4 << 20, 1, 1);
  private static final Layout OTHER_LAYOUT = new Layout(1 << 20, 1 << 20, 1, 1);
  private static final SnapshotRef OLDER = ref(1, "older");
  private static final SnapshotRef BASE = ref(2, "base");
  private static final SnapshotRef NEW = ref(3, "new");
  private static final RunId RUN_OF_HEAD = run('a');
  private static final RunId OPEN = run('b');
  private static final RunId STRANGE = run('c');
  private static final ManifestHash STRANGE_HASH = new ManifestHash("f".repeat(64));
  private static final Extents CHANGED = Extents.of(Extent.data(4096, 512));

  private static final CommittedManifest BEFORE =
      committed(0, Optional.empty(), run('9'), OLDER, Optional.empty(), Verdict.FULL);
  private static final CommittedManifest HEAD =
      committed(
          1, Optional.of(BEFORE.hash()), RUN_OF_HEAD, BASE, Optional.of(OLDER), Verdict.CONTINUE);
  private static final CommittedManifest RESYNCED =
      committed(
          1,
          Optional.of(BEFORE.hash()),
          RUN_OF_HEAD,
          BASE,
          Optional.empty(),
          Verdict.CHECKSUM_RESYNC);

  private static SnapshotRef ref(long id, String name) {
    return new SnapshotRef(SnapshotId.of(id), name, 1 << 20, Optional.empty());
  }

  private static RunId run(char digit) {
    return new RunId(String.valueOf(digit).repeat(32));
  }

  private static CommittedManifest committed(
      long sequence,
      Optional<ManifestHash> previous,
      RunId run,
      SnapshotRef snapshot,
      Optional<SnapshotRef> base,
      Verdict verdict) {
    Manifest manifest =
        new Manifest(
            CHAIN,
            sequence,
            previous,
            run,
            Instant.EPOCH,
            IMAGE,
            SAME,
            LAYOUT,
            Optional.empty(),
            snapshot,
            base,
            verdict,
            VerdictReason.FIRST_POINT,
            CHANGED,
            Verification.CHANGED);
    return new CommittedManifest(
        manifest, new ManifestHash(Long.toString(sequence + 1).repeat(64)));
  }

  private static OpenRun open(Optional<ManifestHash> from, Optional<SnapshotRef> base) {
    return new OpenRun(
        CHAIN,
        OPEN,
        Instant.EPOCH,
        IMAGE,
        SAME,
        "new",
        Optional.of(NEW),
        base,
        from,
        base.isPresent() ? Verdict.CONTINUE : Verdict.FULL,
        base.isPresent() ? VerdictReason.BASE_PRESENT : VerdictReason.FIRST_POINT);
  }

  /** The facts of each kind by the word that a table has for them. */
  private static ChainFacts facts(
      String mode, String image, String head, String snapshots, String open, String replica) {
    Optional<CommittedManifest> newest =
        switch (head) {
          case "none" -> Optional.empty();
          case "first" -> Optional.of(BEFORE);
          case "resynced" -> Optional.of(RESYNCED);
          default -> Optional.of(HEAD);
        };
    Optional<ManifestHash> hash = newest.map(CommittedManifest::hash);
    Set<SnapshotId> ids = new HashSet<>();
    for (SnapshotRef ref : List.of(OLDER, BASE, NEW)) {
      if (List.of(snapshots.split("\\+", -1)).contains(ref.name())) {
        ids.add(ref.id());
      }
    }
    Optional<SnapshotRef> base = newest.map(it -> it.manifest().snapshot());
    return new ChainFacts(
        SyncMode.valueOf(mode),
        image.equals("other") ? OTHER : SAME,
        image.equals("layout") ? OTHER_LAYOUT : LAYOUT,
        ids,
        newest,
        newest.isPresent() && !head.equals("first") ? Optional.of(BEFORE) : Optional.empty(),
        switch (open) {
          case "none" -> Optional.empty();
          case "stale" -> Optional.of(open(Optional.of(STRANGE_HASH), base));
          default -> Optional.of(open(hash, base));
        },
        switch (replica) {
          case "empty" -> new ReplicaState.Empty();
          case "head" -> new ReplicaState.Committed(hash.orElse(STRANGE_HASH));
          case "strange" -> new ReplicaState.Committed(STRANGE_HASH);
          case "changed" -> new ReplicaState.Changed("by hand");
          case "committing" ->
              new ReplicaState.InFlight(
                  hash, newest.isPresent() ? newest.get().manifest().run() : STRANGE);
          case "open" -> new ReplicaState.InFlight(hash, OPEN);
          case "lost" -> new ReplicaState.InFlight(hash, STRANGE);
          default -> new ReplicaState.InFlight(Optional.of(STRANGE_HASH), STRANGE);
        },
        image.equals("tiered") ? CacheTier.PRESENT : CacheTier.UNKNOWN);
  }

  @ParameterizedTest
  @CsvSource({
    // mode, image, head, snapshots, open run, replica -> verdict, reason, base
    "AUTO, same, none, '', none, empty, FULL, FIRST_POINT, ",
    "AUTO, same, none, '', none, lost, FULL, FIRST_POINT, ",
    "AUTO, same, none, '', none, strange, fault, , ",
    "AUTO, same, none, '', none, foreign, fault, , ",
    "AUTO, same, none, '', none, changed, fault, , ",
    "RESYNC, same, none, '', none, strange, CHECKSUM_RESYNC, REQUESTED, ",
    "RESYNC, same, none, '', none, changed, CHECKSUM_RESYNC, REQUESTED, ",
    "AUTO, same, second, older+base, none, head, CONTINUE, BASE_PRESENT, base",
    "AUTO, same, second, base, none, committing, CONTINUE, BASE_PRESENT, base",
    "AUTO, same, second, older, none, head, CONTINUE, SPARE_BASE_PRESENT, older",
    "AUTO, same, second, '', none, head, CHECKSUM_RESYNC, BASE_LOST, ",
    "AUTO, same, resynced, older, none, head, CHECKSUM_RESYNC, BASE_LOST, ",
    "AUTO, same, first, '', none, head, CHECKSUM_RESYNC, BASE_LOST, ",
    "AUTO, other, second, older+base, none, head, CHECKSUM_RESYNC, IMAGE_REPLACED, ",
    "AUTO, tiered, second, older+base, none, head, CHECKSUM_RESYNC, CACHE_TIER, ",
    "AUTO, layout, second, older+base, none, head, CHECKSUM_RESYNC, LAYOUT_CHANGED, ",
    "AUTO, same, second, older+base, none, empty, FULL, REPLICA_MISSING, ",
    "AUTO, same, second, older+base, none, lost, CHECKSUM_RESYNC, RUN_LOST, ",
    "AUTO, same, second, older+base, none, foreign, fault, , ",
    "AUTO, same, second, older+base, none, strange, fault, , ",
    "AUTO, same, second, older+base, none, changed, fault, , ",
    "AUTO, same, second, older+base+new, current, open, CONTINUE, RUN_RESUMED, base",
    "AUTO, same, second, older+base+new, current, head, CONTINUE, BASE_PRESENT, base",
    "AUTO, same, second, older+base, current, open, CHECKSUM_RESYNC, RUN_LOST, ",
    "AUTO, same, second, older+new, current, open, CHECKSUM_RESYNC, RUN_LOST, ",
    "AUTO, same, second, older+base+new, stale, open, CHECKSUM_RESYNC, RUN_LOST, ",
    "AUTO, other, second, older+base+new, current, open, CHECKSUM_RESYNC, RUN_LOST, ",
    "AUTO, same, none, new, current, open, FULL, RUN_RESUMED, ",
    "RESYNC, same, second, older+base+new, current, open, CHECKSUM_RESYNC, RUN_LOST, ",
    "RESYNC, same, second, older+base, none, head, CHECKSUM_RESYNC, REQUESTED, ",
    "RESYNC, same, second, older+base, none, strange, CHECKSUM_RESYNC, REQUESTED, ",
    "RESYNC, same, second, older+base, none, foreign, CHECKSUM_RESYNC, RUN_LOST, ",
    "RESYNC, same, second, older+base, none, changed, CHECKSUM_RESYNC, REQUESTED, ",
    "FULL, same, second, older+base+new, current, open, FULL, REQUESTED, ",
    "FULL, same, second, older+base, none, changed, FULL, REQUESTED, ",
  })
  void decides(
      String mode,
      String image,
      String head,
      String snapshots,
      String open,
      String replica,
      String verdict,
      String reason,
      String base) {
    Decision decision = Decision.of(facts(mode, image, head, snapshots, open, replica));
    if (verdict.equals("fault")) {
      assertTrue(decision.fault().isPresent(), decision::toString);
      return;
    }
    assertTrue(decision.fault().isEmpty(), decision::toString);
    assertEquals(Verdict.valueOf(verdict), decision.verdict());
    assertEquals(VerdictReason.valueOf(reason), decision.reason());
    assertEquals(Optional.ofNullable(base), decision.base().map(SnapshotRef::name));
  }

  /** What must be so whatever the facts are. */
  @Test
  void neverReliesOnWhatIsNotThere() {
    List<ChainFacts> all = new ArrayList<>();
    for (String mode : List.of("AUTO", "RESYNC", "FULL")) {
      for (String image : List.of("same", "other", "layout")) {
        for (String head : List.of("none", "first", "second", "resynced")) {
          for (String snapshots :
              List.of(
                  "",
                  "older",
                  "base",
                  "new",
                  "older+base",
                  "older+new",
                  "base+new",
                  "older+base+new")) {
            for (String open : List.of("none", "stale", "current")) {
              for (String replica :
                  List.of(
                      "empty",
                      "head",
                      "strange",
                      "changed",
                      "committing",
                      "open",
                      "lost",
                      "foreign")) {
                all.add(facts(mode, image, head, snapshots, open, replica));
              }
            }
          }
        }
      }
    }
    for (ChainFacts facts : all) {
      Decision decision = Decision.of(facts);
      check(facts, decision);
      assertEquals(decision, Decision.of(facts), "the same facts, the same decision");
    }
  }

  private static void check(ChainFacts facts, Decision decision) {
    String all = facts + " -> " + decision;
    assertTrue(
        decision.fault().isEmpty() || facts.mode() == SyncMode.AUTO, "asked for, so done: " + all);
    assertTrue(facts.mode() != SyncMode.FULL || decision.reason() == VerdictReason.REQUESTED, all);
    decision.base().ifPresent(base -> assertTrue(facts.snapshots().contains(base.id()), all));
    decision
        .resumes()
        .ifPresent(
            run -> {
              assertEquals(SyncMode.AUTO, facts.mode(), all);
              assertTrue(facts.snapshots().contains(run.snapshot().orElseThrow().id()), all);
              assertEquals(facts.identity(), run.identity(), all);
              assertEquals(facts.head().map(CommittedManifest::hash), run.from(), all);
              assertTrue(
                  facts.replica() instanceof ReplicaState.InFlight held
                      && held.run().equals(run.run()),
                  all);
            });
    if (decision.verdict() == Verdict.CONTINUE && decision.resumes().isEmpty()) {
      Manifest head = facts.head().orElseThrow().manifest();
      SnapshotRef base = decision.base().orElseThrow();
      assertEquals(facts.identity(), head.identity(), all);
      assertEquals(facts.layout(), head.layout(), all);
      assertTrue(
          (facts.replica() instanceof ReplicaState.Committed held
                  && held.at().equals(facts.head().get().hash()))
              || (facts.replica() instanceof ReplicaState.InFlight moving
                  && moving.run().equals(head.run())),
          all);
      if (!base.equals(head.snapshot())) {
        assertTrue(!facts.snapshots().contains(head.snapshot().id()), "the newest first: " + all);
        assertEquals(head.base(), Optional.of(base), all);
        assertEquals(head.extents(), decision.also(), all);
      }
    }
  }
}
