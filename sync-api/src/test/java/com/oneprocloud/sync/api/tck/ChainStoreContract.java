// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static com.oneprocloud.sync.api.tck.ChainRecords.added;
import static com.oneprocloud.sync.api.tck.ChainRecords.after;
import static com.oneprocloud.sync.api.tck.ChainRecords.chain;
import static com.oneprocloud.sync.api.tck.ChainRecords.complete;
import static com.oneprocloud.sync.api.tck.ChainRecords.manifest;
import static com.oneprocloud.sync.api.tck.ChainRecords.readDigests;
import static com.oneprocloud.sync.api.tck.ChainRecords.run;
import static com.oneprocloud.sync.api.tck.ChainRecords.snapshot;
import static com.oneprocloud.sync.api.tck.ChainRecords.with;
import static com.oneprocloud.sync.api.tck.ChainRecords.writeDigests;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.target.ReplicaName;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What every {@link ChainStore} keeps to. {@link #store} and {@link #other} are two stores on the
 * same storage, as two proxies have them.
 */
public abstract class ChainStoreContract {
  private static final Duration TIME = Duration.ofSeconds(60);
  private static final ChainId CHAIN = chain("6b1f", "volume-1");
  private static final String EPOCH = "boot ä-1";

  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  private @Nullable ChainStoreFixture fixture;
  private @Nullable ChainStore store;
  private @Nullable ChainStore other;

  /** For subclasses. */
  protected ChainStoreContract() {}

  /** Opens empty storage; called before every test. */
  protected abstract ChainStoreFixture openFixture();

  @BeforeEach
  final void open() {
    fixture = openFixture();
    store = fixture.connect();
    other = fixture.connect();
  }

  @AfterEach
  final void close() throws Exception {
    for (AutoCloseable opened : new AutoCloseable[] {store, other, fixture}) {
      if (opened != null) {
        opened.close();
      }
    }
  }

  /** The fixture of the running test. */
  protected final ChainStoreFixture fixture() {
    return present(fixture);
  }

  /** A store on the fixture's storage. */
  protected final ChainStore store() {
    return present(store);
  }

  /** Another store on the same storage. */
  protected final ChainStore other() {
    return present(other);
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("no test is running");
    }
    return value;
  }

  // ---------------------------------------------------------------- chains

  @Test
  void anUnknownChainIsEmpty() {
    assertEquals(Optional.empty(), store().head(CHAIN));
    assertEquals(List.of(), store().newest(CHAIN, Integer.MAX_VALUE));
    assertEquals(Optional.empty(), store().openRun(CHAIN));
    assertEquals(Optional.empty(), store().progress(CHAIN));
    assertEquals(List.of(), store().chains());
  }

  @Test
  void committedManifestsAreReadBackAsTheyWereTheNewestFirst() {
    List<CommittedManifest> committed = new ArrayList<>();
    try (Lease lease = acquire(store())) {
      for (int i = 0; i < 5; i++) {
        committed.add(0, commit(store(), lease));
      }
    }
    for (ChainStore reader : List.of(store(), other())) {
      assertEquals(committed, reader.newest(CHAIN, Integer.MAX_VALUE));
      assertEquals(committed.subList(0, 2), reader.newest(CHAIN, 2));
      assertEquals(committed.subList(0, 1), reader.newest(CHAIN, 1));
      assertEquals(List.of(), reader.newest(CHAIN, 0));
      assertEquals(Optional.of(committed.get(0)), reader.head(CHAIN));
    }
    assertEquals(4, committed.get(0).manifest().sequence());
    assertEquals(5, committed.stream().map(CommittedManifest::hash).distinct().count());
  }

  @Test
  void aManifestOfAHundredThousandExtentsIsKept() {
    Extents.Builder extents = Extents.builder();
    for (long i = 0; i < 100_000; i++) {
      extents.add((i << 22) + 512 * (i % 1000), 4096 + 512 * (i % 7), i % 3 == 0);
    }
    try (Lease lease = acquire(store())) {
      OpenRun run = run(CHAIN);
      store().open(lease, run);
      Manifest manifest = after(Optional.empty(), run, extents.build());
      CommittedManifest committed = store().commit(lease, manifest);
      assertEquals(100_000, manifest.extents().size());
      assertEquals(manifest, committed.manifest());
      assertEquals(Optional.of(committed), other().head(CHAIN));
      commit(store(), lease);
      assertEquals(committed, other().newest(CHAIN, 2).get(1));
    }
  }

  @Test
  void chainsOfOddNamesAreKeptApart() {
    List<ChainId> chains = new ArrayList<>();
    List<String> names =
        List.of(
            "a",
            "A",
            " a",
            "a ",
            "a/b",
            "a\\b",
            "..",
            ".",
            "%2e",
            "*",
            "a\nb",
            "a'b",
            "a\"b",
            "ä",
            "a\u0308",
            "\ud83d\ude00",
            "a\tb",
            "a;b",
            "\u0001",
            "%",
            "_",
            "chain.json",
            "CON");
    for (String name : names) {
      chains.add(chain(name, "disk"));
      chains.add(chain("group", name));
      chains.add(new ChainId(new ReplicaName("group", "disk"), name));
    }
    chains.add(chain("x".repeat(300), "ä".repeat(300)));
    chains.add(chain("x".repeat(300), "ä".repeat(299) + "b"));
    chains.add(new ChainId(new ReplicaName("a", "b"), ""));
    chains.add(new ChainId(new ReplicaName("a", "b"), "t".repeat(2000)));
    for (int i = 0; i < chains.size(); i++) {
      ChainId chain = chains.get(i);
      try (Lease lease = store().acquire(chain, "proxy " + chain, TIME)) {
        OpenRun run = run(chain);
        store().open(lease, run);
        store().commit(lease, after(Optional.empty(), run, extents(i)));
      }
    }
    for (int i = 0; i < chains.size(); i++) {
      Manifest head = other().head(chains.get(i)).orElseThrow().manifest();
      assertEquals(chains.get(i), head.chain());
      assertEquals(extents(i), head.extents());
      assertEquals(0, head.sequence());
    }
    assertEquals(Set.copyOf(chains), Set.copyOf(other().chains()));
    assertEquals(chains.size(), other().chains().size());
  }

  private static Extents extents(long number) {
    return Extents.builder().add(number << 20, 512, false).build();
  }

  @Test
  void aRecordThatWasChangedIsRefusedWhereverTheChangeIs() {
    try (Lease lease = acquire(store())) {
      commit(store(), lease);
    }
    CommittedManifest good = store().head(CHAIN).orElseThrow();
    byte[] original = record(fixture(), 0);
    int length = original.length;
    Random random = new Random(1);
    for (int i = 0; i < 200; i++) {
      byte[] changed = original.clone();
      changed[random.nextInt(length)] ^= (byte) (1 << random.nextInt(8));
      fixture().rewrite(CHAIN, 0, record -> changed);
      SyncException refused =
          assertThrows(
              SyncException.class,
              () -> store().head(CHAIN),
              () -> new String(changed, StandardCharsets.UTF_8));
      assertTrue(
          refused instanceof ChainBrokenException || refused instanceof UnsupportedException,
          refused.toString());
    }
    for (int cut : new int[] {0, 1, length / 2, length - 1}) {
      fixture().rewrite(CHAIN, 0, record -> Arrays.copyOf(original, cut));
      assertThrows(ChainBrokenException.class, () -> store().head(CHAIN));
    }
    fixture().rewrite(CHAIN, 0, record -> original);
    assertEquals(Optional.of(good), store().head(CHAIN));
  }

  @Test
  void aPredecessorThatIsMissingOrAnotherOneIsFound() {
    try (Lease lease = acquire(store())) {
      for (int i = 0; i < 4; i++) {
        commit(store(), lease);
      }
      byte[] kept = record(fixture(), 1);
      byte[] second = record(fixture(), 2);
      byte[] foreign = foreignRecord();
      for (byte[] wrong : new byte[][] {second, foreign}) {
        fixture().rewrite(CHAIN, 1, record -> wrong);
        assertEquals(2, store().newest(CHAIN, 2).size());
        assertThrows(ChainBrokenException.class, () -> store().newest(CHAIN, 3));
        assertThrows(ChainBrokenException.class, () -> other().newest(CHAIN, Integer.MAX_VALUE));
      }
      fixture().rewrite(CHAIN, 1, record -> kept);
      assertEquals(4, other().newest(CHAIN, Integer.MAX_VALUE).size());
      fixture().remove(CHAIN, 1);
      assertEquals(2, store().newest(CHAIN, 2).size());
      assertThrows(ChainBrokenException.class, () -> store().newest(CHAIN, 3));
      // what is missing below does not keep the newest from being followed
      assertEquals(4, commit(store(), lease).manifest().sequence());
    }
  }

  private static byte[] record(ChainStoreFixture storage, long sequence) {
    byte[][] found = new byte[1][];
    storage.rewrite(CHAIN, sequence, record -> found[0] = record);
    return found[0];
  }

  /** The record of #1 of a chain of the same name, in another storage. */
  private byte[] foreignRecord() {
    try (ChainStoreFixture elsewhere = openFixture();
        ChainStore foreign = elsewhere.connect();
        Lease lease = acquire(foreign)) {
      commit(foreign, lease);
      commit(foreign, lease);
      return record(elsewhere, 1);
    }
  }

  @Test
  void aRecordOfALaterFormatIsRefusedAndNotCalledDamaged() {
    try (Lease lease = acquire(store())) {
      commit(store(), lease);
    }
    fixture()
        .rewrite(
            CHAIN,
            0,
            record -> {
              String text = new String(record, StandardCharsets.UTF_8);
              String later = text.replaceFirst("(\"format\"\\s*:\\s*)\\d+", "$1 99");
              assertNotEquals(text, later);
              return later.getBytes(StandardCharsets.UTF_8);
            });
    UnsupportedException refused =
        assertThrows(UnsupportedException.class, () -> store().head(CHAIN));
    assertTrue(refused.getMessage().contains("99"), refused.getMessage());
    assertTrue(refused.advice().isPresent());
  }

  // ---------------------------------------------------------------- commits

  @Test
  void aCommitClosesTheRunInTheSameStep() {
    try (Lease lease = acquire(store())) {
      OpenRun run = run(CHAIN);
      store().open(lease, run);
      store().progress(lease, new RunProgress(10, 5, EPOCH), true);
      store().commit(lease, after(Optional.empty(), run));
      for (ChainStore reader : List.of(store(), other())) {
        assertEquals(Optional.empty(), reader.openRun(CHAIN));
        assertEquals(Optional.empty(), reader.progress(CHAIN));
      }
      store().abandon(lease);
      assertTrue(other().head(CHAIN).isPresent());
    }
  }

  @Test
  void aManifestThatDoesNotFollowTheNewestIsRefusedAndNothingIsRecorded() {
    try (Lease lease = acquire(store())) {
      commit(store(), lease);
      CommittedManifest head = commit(store(), lease);
      OpenRun run = run(CHAIN);
      RunProgress progress = new RunProgress(10, 5, EPOCH);
      store().open(lease, run);
      store().progress(lease, progress, true);
      Optional<ManifestHash> newest = Optional.of(head.hash());
      Optional<ManifestHash> older = head.manifest().previous();
      Extents none = Extents.none();
      List<Manifest> wrong =
          List.of(
              manifest(run, 0, Optional.empty(), none),
              manifest(run, 1, older, none),
              manifest(run, 1, newest, none),
              manifest(run, 2, older, none),
              manifest(run, 2, Optional.of(new ManifestHash("00".repeat(32))), none),
              manifest(run, 3, newest, none));
      for (Manifest manifest : wrong) {
        ChainBrokenException refused =
            assertThrows(ChainBrokenException.class, () -> store().commit(lease, manifest));
        assertTrue(refused.getMessage().contains(CHAIN.toString()), refused.getMessage());
        assertEquals(Optional.of(head), other().head(CHAIN));
        assertEquals(Optional.of(run), other().openRun(CHAIN));
        assertEquals(Optional.of(progress), other().progress(CHAIN));
      }
      assertEquals(2, store().commit(lease, after(Optional.of(head), run)).manifest().sequence());
    }
  }

  @Test
  void recordsOfAnotherChainAndLeasesOfAnotherStoreAreBadInput() {
    try (Lease lease = acquire(store())) {
      OpenRun foreign = run(chain("other", "volume-1"));
      assertThrows(IllegalArgumentException.class, () -> store().open(lease, foreign));
      Manifest manifest = after(Optional.empty(), foreign);
      assertThrows(IllegalArgumentException.class, () -> store().commit(lease, manifest));
      assertEquals(Optional.empty(), store().openRun(CHAIN));
      assertEquals(Optional.empty(), store().head(CHAIN));
      assertEquals(Optional.empty(), store().head(foreign.chain()));
      Lease stranger =
          new Lease() {
            @Override
            public ChainId chain() {
              return CHAIN;
            }

            @Override
            public long token() {
              return lease.token();
            }

            @Override
            public void renew() {}

            @Override
            public void close() {}
          };
      assertThrows(IllegalArgumentException.class, () -> store().open(stranger, run(CHAIN)));
    }
  }

  // ---------------------------------------------------------------- digests

  private static byte[] bytes(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Commits with a record that names every block. */
  private static Manifest commitComplete(ChainStore store, Lease lease, byte[] record) {
    OpenRun run = run(CHAIN);
    store.open(lease, run);
    writeDigests(store, lease, record);
    Manifest manifest = after(store.head(CHAIN), run);
    return store.commit(lease, with(manifest, complete(record, manifest.sequence()))).manifest();
  }

  /** Commits with a record that adds to those before it. */
  private static Manifest commitAdded(ChainStore store, Lease lease, byte[] record) {
    OpenRun run = run(CHAIN);
    store.open(lease, run);
    writeDigests(store, lease, record);
    Optional<CommittedManifest> head = store.head(CHAIN);
    return store
        .commit(lease, with(after(head, run), added(record, head.orElseThrow().manifest())))
        .manifest();
  }

  @Test
  void digestsOfAnyLengthAreReadBackAsTheyWere() {
    try (Lease lease = acquire(store())) {
      for (int length : new int[] {1, 4096, 512 << 10, 1 << 20, 5_000_001}) {
        byte[] record = bytes(length, length);
        Manifest manifest = commitComplete(store(), lease, record);
        assertEquals(Optional.of(manifest), other().head(CHAIN).map(CommittedManifest::manifest));
        assertArrayEquals(record, readDigests(store(), manifest));
        assertArrayEquals(record, readDigests(other(), manifest));
      }
    }
  }

  @Test
  void digestsThatAreNotNeededAnyMoreAreRemovedAfterTheCommitAndNoOthers() {
    try (Lease lease = acquire(store())) {
      List<byte[]> records = new ArrayList<>();
      List<Manifest> manifests = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        byte[] record = bytes(100 + i, i);
        records.add(record);
        manifests.add(
            i % 4 == 0
                ? commitComplete(store(), lease, record)
                : commitAdded(store(), lease, record));
        int base = i - i % 4;
        assertEquals(
            LongStream.rangeClosed(base, i).boxed().collect(Collectors.toSet()),
            fixture().digests(CHAIN));
        for (int needed = base; needed <= i; needed++) {
          assertArrayEquals(records.get(needed), readDigests(other(), manifests.get(needed)));
        }
      }
      // a version that records none leaves those that are there
      commit(store(), lease);
      assertEquals(Set.of(8L), fixture().digests(CHAIN));
      assertThrows(
          IllegalArgumentException.class,
          () -> store().readDigests(store().head(CHAIN).orElseThrow().manifest()));
      assertThrows(ChainBrokenException.class, () -> store().readDigests(manifests.get(2)));
      assertEquals(10, other().newest(CHAIN, Integer.MAX_VALUE).size());
    }
  }

  @Test
  void aManifestWhoseDigestsWereNotFinishedIsRefusedAndNothingIsRecorded() {
    try (Lease lease = acquire(store())) {
      commitComplete(store(), lease, bytes(10, 1));
      CommittedManifest head = store().head(CHAIN).orElseThrow();
      OpenRun run = run(CHAIN);
      store().open(lease, run);
      byte[] record = bytes(2_000_000, 2);
      Manifest manifest = with(after(Optional.of(head), run), complete(record, 1));
      assertThrows(IllegalStateException.class, () -> store().commit(lease, manifest));
      try (DigestOutput output = store().writeDigests(lease)) {
        output.write(ByteBuffer.wrap(record));
        assertThrows(IllegalStateException.class, () -> store().commit(lease, manifest));
      }
      assertThrows(IllegalStateException.class, () -> store().commit(lease, manifest));
      writeDigests(store(), lease, bytes(2_000_001, 2));
      assertThrows(IllegalStateException.class, () -> store().commit(lease, manifest));
      // one that was finished is forgotten when another is begun
      writeDigests(store(), lease, record);
      store().writeDigests(lease).close();
      assertThrows(IllegalStateException.class, () -> store().commit(lease, manifest));
      assertEquals(Optional.of(head), other().head(CHAIN));
      assertEquals(Optional.of(run), other().openRun(CHAIN));
      assertArrayEquals(bytes(10, 1), readDigests(other(), head.manifest()));
      writeDigests(store(), lease, record);
      store().commit(lease, manifest);
      assertArrayEquals(record, readDigests(other(), manifest));
    }
  }

  /** A process that died between the record and the commit. */
  @Test
  void digestsWhoseManifestWasNeverCommittedAreForgotten() {
    byte[] good = bytes(1000, 1);
    Lease dead = acquire(store());
    commitComplete(store(), dead, good);
    writeDigests(store(), dead, bytes(3_000_000, 2));
    DigestOutput unfinished = store().writeDigests(dead);
    unfinished.write(ByteBuffer.wrap(bytes(3_000_000, 3)));
    try (Lease lease = takeOver(other())) {
      Manifest next = commitAdded(other(), lease, bytes(500, 4));
      assertArrayEquals(bytes(500, 4), readDigests(store(), next));
      assertEquals(Set.of(0L, 1L), fixture().digests(CHAIN));
      writeDigests(other(), lease, bytes(3_000_000, 5));
      // by a version that records none
      commit(other(), lease);
      assertEquals(Set.of(0L, 1L), fixture().digests(CHAIN));
      commitComplete(other(), lease, bytes(10, 6));
      assertEquals(Set.of(3L), fixture().digests(CHAIN));
    }
    unfinished.close();
    dead.close();
  }

  @Test
  void aStaleLeaseCannotRecordDigests() {
    Lease stale = acquire(store());
    DigestOutput begun = store().writeDigests(stale);
    try (Lease fresh = takeOver(other())) {
      byte[] record = bytes(2_000_000, 1);
      writeDigests(other(), fresh, record);
      assertThrows(ChainBrokenException.class, () -> store().writeDigests(stale));
      assertThrows(
          ChainBrokenException.class,
          () -> {
            begun.write(ByteBuffer.wrap(bytes(2_000_000, 2)));
            begun.finish();
          });
      begun.close();
      OpenRun run = run(CHAIN);
      other().open(fresh, run);
      Manifest manifest = with(after(Optional.empty(), run), complete(record, 0));
      assertThrows(ChainBrokenException.class, () -> store().commit(stale, manifest));
      other().commit(fresh, manifest);
      assertArrayEquals(record, readDigests(store(), manifest));
    }
    stale.close();
    assertThrows(IllegalStateException.class, () -> store().writeDigests(stale));
  }

  @Test
  void digestsThatWereChangedAreRefusedWhereverTheChangeIs() {
    byte[] record = bytes(1_300_000, 1);
    Manifest manifest;
    try (Lease lease = acquire(store())) {
      manifest = commitComplete(store(), lease, record);
    }
    Random random = new Random(1);
    for (int i = 0; i < 20; i++) {
      byte[] changed = record.clone();
      changed[random.nextInt(record.length)] ^= (byte) (1 << random.nextInt(8));
      assertRefused(manifest, changed);
    }
    for (int cut : new int[] {0, 1, record.length / 2, record.length - 1}) {
      assertRefused(manifest, Arrays.copyOf(record, cut));
    }
    assertRefused(manifest, Arrays.copyOf(record, record.length + 1));
    fixture().rewriteDigests(CHAIN, 0, held -> record);
    assertArrayEquals(record, readDigests(other(), manifest));
    fixture().removeDigests(CHAIN, 0);
    assertThrows(ChainBrokenException.class, () -> readDigests(other(), manifest));
    // the chain is as good without
    try (Lease lease = acquire(store())) {
      assertEquals(1, commit(store(), lease).manifest().sequence());
    }
  }

  private void assertRefused(Manifest manifest, byte[] changed) {
    fixture().rewriteDigests(CHAIN, 0, held -> changed);
    ChainBrokenException refused =
        assertThrows(ChainBrokenException.class, () -> readDigests(other(), manifest));
    assertTrue(refused.getMessage().contains(CHAIN + " #0"), refused.getMessage());
    assertTrue(refused.advice().isPresent());
  }

  // ---------------------------------------------------------------- runs

  @Test
  void anOpenRunIsReadBackAsItWasAndTakesItsSnapshot() {
    try (Lease lease = acquire(store())) {
      OpenRun run = run(CHAIN);
      store().open(lease, run);
      assertEquals(Optional.of(run), other().openRun(CHAIN));
      assertEquals(Optional.empty(), other().progress(CHAIN));
      RunProgress progress = new RunProgress(10, 5, EPOCH);
      store().progress(lease, progress, true);
      OpenRun taken = run.taken(snapshot(4));
      store().open(lease, taken);
      assertEquals(Optional.of(taken), other().openRun(CHAIN));
      assertEquals(Optional.of(progress), other().progress(CHAIN), "it is the same run");
    }
  }

  @Test
  void openingReplacesAnotherRunAndItsProgress() {
    try (Lease lease = acquire(store())) {
      store().open(lease, run(CHAIN));
      store().progress(lease, new RunProgress(10, 5, EPOCH), true);
      OpenRun next = run(CHAIN);
      store().open(lease, next);
      assertEquals(Optional.of(next), other().openRun(CHAIN));
      assertEquals(Optional.empty(), other().progress(CHAIN));
    }
  }

  @Test
  void theLastProgressCountsForwardsAndBackwards() {
    try (Lease lease = acquire(store())) {
      store().open(lease, run(CHAIN));
      RunProgress[] all = {
        new RunProgress(1 << 20, 0, EPOCH),
        new RunProgress(2 << 20, 1 << 20, EPOCH),
        new RunProgress(50L << 40, 50L << 40, ""),
        new RunProgress(0, 0, "another epoch " + "x".repeat(100)),
      };
      for (int i = 0; i < 100; i++) {
        RunProgress progress = all[i % all.length];
        store().progress(lease, progress, i % 3 == 0);
        assertEquals(Optional.of(progress), other().progress(CHAIN));
      }
    }
  }

  @Test
  void progressNeedsAnOpenRun() {
    try (Lease lease = acquire(store())) {
      RunProgress progress = new RunProgress(10, 5, EPOCH);
      assertThrows(IllegalStateException.class, () -> store().progress(lease, progress, false));
      store().open(lease, run(CHAIN));
      store().abandon(lease);
      assertThrows(IllegalStateException.class, () -> store().progress(lease, progress, true));
      assertEquals(Optional.empty(), other().progress(CHAIN));
    }
  }

  @Test
  void anAbandonedRunIsGoneAndAbandoningNothingDoesNothing() {
    try (Lease lease = acquire(store())) {
      store().abandon(lease);
      CommittedManifest head = commit(store(), lease);
      store().open(lease, run(CHAIN));
      store().progress(lease, new RunProgress(10, 5, EPOCH), true);
      store().abandon(lease);
      store().abandon(lease);
      assertEquals(Optional.empty(), other().openRun(CHAIN));
      assertEquals(Optional.empty(), other().progress(CHAIN));
      assertEquals(Optional.of(head), other().head(CHAIN));
    }
  }

  @Test
  void theNextHolderTakesUpTheRunAndItsProgress() {
    OpenRun run = run(CHAIN).taken(snapshot(1));
    RunProgress progress = new RunProgress(10, 5, EPOCH);
    try (Lease lease = acquire(store())) {
      store().open(lease, run);
      store().progress(lease, progress, false);
    }
    try (Lease lease = acquire(other())) {
      assertEquals(Optional.of(run), other().openRun(CHAIN));
      assertEquals(Optional.of(progress), other().progress(CHAIN));
      other().open(lease, run);
      assertEquals(Optional.of(progress), other().progress(CHAIN));
      RunProgress further = new RunProgress(20, 15, EPOCH);
      other().progress(lease, further, false);
      assertEquals(Optional.of(further), store().progress(CHAIN));
      other().commit(lease, after(Optional.empty(), run));
    }
    assertEquals(Optional.empty(), store().openRun(CHAIN));
  }

  // ---------------------------------------------------------------- leases

  @Test
  void aLeaseThatIsHeldIsRefusedWithTheNameOfItsHolder() {
    try (Lease lease = store().acquire(CHAIN, "proxy-ä", TIME)) {
      assertEquals(CHAIN, lease.chain());
      for (ChainStore second : List.of(store(), other())) {
        ConflictException refused =
            assertThrows(ConflictException.class, () -> second.acquire(CHAIN, "second", TIME));
        assertTrue(refused.getMessage().contains("proxy-ä"), refused.getMessage());
        assertTrue(refused.getMessage().contains(CHAIN.toString()), refused.getMessage());
      }
      other().acquire(chain("6b1f", "volume-2"), "second", TIME).close();
      commit(store(), lease);
    }
  }

  @Test
  void aLeaseThatWasGivenBackIsFreeAtOnceAndTokensGrow() {
    long before = Long.MIN_VALUE;
    for (int i = 0; i < 6; i++) {
      Lease lease = acquire(i % 2 == 0 ? store() : other());
      assertTrue(lease.token() > before);
      before = lease.token();
      lease.close();
      lease.close();
    }
    try (Lease lease = acquire(other())) {
      commit(other(), lease);
    }
  }

  @Test
  void aLeaseThatWasGivenBackCanNeitherWriteNorComeBack() {
    Lease lease = acquire(store());
    OpenRun run = run(CHAIN);
    store().open(lease, run);
    lease.close();
    assertThrows(IllegalStateException.class, lease::renew);
    assertThrows(IllegalStateException.class, () -> store().open(lease, run(CHAIN)));
    assertThrows(
        IllegalStateException.class,
        () -> store().progress(lease, new RunProgress(1, 1, EPOCH), false));
    assertThrows(IllegalStateException.class, () -> store().abandon(lease));
    assertThrows(
        IllegalStateException.class, () -> store().commit(lease, after(Optional.empty(), run)));
    assertEquals(Optional.of(run), other().openRun(CHAIN));
    assertEquals(Optional.empty(), other().progress(CHAIN));
    assertEquals(Optional.empty(), other().head(CHAIN));
    acquire(other()).close();
  }

  @Test
  void aLeaseExpiresWhenItIsNotRenewed() {
    Lease dead = acquire(store());
    fixture().pass(TIME.minusSeconds(1));
    assertThrows(ConflictException.class, () -> acquire(other()));
    fixture().pass(fixture().skewTolerated().plusSeconds(1));
    try (Lease lease = acquire(other())) {
      assertTrue(lease.token() > dead.token());
      assertThrows(ConflictException.class, () -> acquire(store()));
    }
    dead.close();
  }

  @Test
  void renewingHoldsForTheFullTimeFromThen() {
    try (Lease lease = acquire(store())) {
      for (int i = 0; i < 3; i++) {
        fixture().pass(TIME.minusSeconds(10));
        lease.renew();
      }
      fixture().pass(TIME.minusSeconds(1));
      assertThrows(ConflictException.class, () -> acquire(other()));
      fixture().pass(fixture().skewTolerated().plusSeconds(1));
      acquire(other()).close();
    }
  }

  @Test
  void aLeaseThatExpiredStillWritesUntilItIsTakenOver() {
    Lease late = acquire(store());
    fixture().pass(TIME.multipliedBy(10));
    commit(store(), late);
    late.renew();
    assertThrows(ConflictException.class, () -> acquire(other()));
    late.close();
  }

  @Test
  void aStaleLeaseIsRefusedAtEveryWriteAndNothingIsRecorded() {
    Lease stale = acquire(store());
    CommittedManifest head = commit(store(), stale);
    OpenRun run = run(CHAIN).taken(snapshot(1));
    RunProgress progress = new RunProgress(10, 5, EPOCH);
    store().open(stale, run);
    store().progress(stale, progress, true);
    Lease fresh = takeOver(other());
    List<Runnable> writes =
        List.of(
            stale::renew,
            () -> store().open(stale, run),
            () -> store().open(stale, run(CHAIN)),
            () -> store().progress(stale, new RunProgress(99, 98, EPOCH), false),
            () -> store().progress(stale, new RunProgress(99, 98, EPOCH), true),
            () -> store().abandon(stale),
            () -> store().commit(stale, after(Optional.of(head), run)));
    for (int holder = 0; holder < 2; holder++) {
      for (Runnable write : writes) {
        ChainBrokenException refused = assertThrows(ChainBrokenException.class, write::run);
        assertTrue(refused.getMessage().contains(CHAIN.toString()), refused.getMessage());
        assertEquals(Optional.of(run), other().openRun(CHAIN));
        assertEquals(Optional.of(progress), other().progress(CHAIN));
        assertEquals(List.of(head), other().newest(CHAIN, Integer.MAX_VALUE));
      }
      // nor does it help that the one who took it over has gone
      fresh.close();
    }
    stale.close();
    Lease third = acquire(other());
    stale.close();
    assertThrows(ConflictException.class, () -> acquire(store()));
    other().open(third, run);
    other().commit(third, after(Optional.of(head), run));
    third.close();
  }

  @Test
  void closingAStaleLeaseLeavesTheHolderAlone() {
    Lease stale = acquire(store());
    try (Lease fresh = takeOver(other())) {
      stale.close();
      assertThrows(ConflictException.class, () -> acquire(store()));
      fresh.renew();
      commit(other(), fresh);
    }
  }

  @Test
  void aProxyWhoseClockIsWrongDoesNotTakeALeaseThatIsAlive() {
    Duration most = fixture().skewTolerated();
    for (Duration ahead : List.of(most, most.negated())) {
      try (ChainStore skewed = fixture().connect(ahead)) {
        for (int round = 0; round < 2; round++) {
          ChainStore holder = round == 0 ? store() : skewed;
          ChainStore second = round == 0 ? skewed : store();
          try (Lease lease = acquire(holder)) {
            fixture().pass(TIME.minusSeconds(1));
            assertThrows(ConflictException.class, () -> acquire(second));
            commit(holder, lease);
          }
        }
      }
    }
  }

  @Test
  void aClockThatIsVeryWrongCannotForkTheChain() {
    try (ChainStore wrong = fixture().connect(Duration.ofDays(1));
        Lease lease = acquire(store())) {
      commit(store(), lease);
      Optional<Lease> taken = attempt(wrong);
      if (taken.isPresent()) {
        commit(wrong, taken.get());
        assertThrows(ChainBrokenException.class, () -> commit(store(), lease));
        taken.get().close();
        assertEquals(2, store().newest(CHAIN, Integer.MAX_VALUE).size());
      } else {
        commit(store(), lease);
      }
    }
  }

  @Test
  void anInterruptedThreadGivesItsLeaseBack() {
    Lease lease = acquire(store());
    Thread.currentThread().interrupt();
    try {
      lease.close();
    } finally {
      assertTrue(Thread.interrupted(), "the interrupt was swallowed");
    }
    acquire(other()).close();
  }

  // ---------------------------------------------------------------- races

  @Test
  void ofManyThatTakeALeaseAtATimeOneGetsIt() throws Exception {
    for (int round = 0; round < 5; round++) {
      List<Callable<Optional<Lease>>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        ChainStore either = i % 2 == 0 ? store() : other();
        calls.add(() -> attempt(either));
      }
      List<Lease> taken = together(calls).stream().flatMap(Optional::stream).toList();
      assertEquals(1, taken.size());
      taken.get(0).close();
    }
  }

  @Test
  void ofManyThatCommitTheSameNumberAtATimeOneDoes() throws Exception {
    for (int round = 0; round < 5; round++) {
      try (Lease lease = acquire(store())) {
        Optional<CommittedManifest> head = store().head(CHAIN);
        List<Callable<Optional<CommittedManifest>>> calls = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          Manifest manifest = after(head, run(CHAIN));
          calls.add(() -> attempt(store(), lease, manifest));
        }
        List<CommittedManifest> committed =
            together(calls).stream().flatMap(Optional::stream).toList();
        assertEquals(1, committed.size());
        assertEquals(Optional.of(committed.get(0)), other().head(CHAIN));
      }
    }
    assertEquals(
        List.of(4L, 3L, 2L, 1L, 0L),
        other().newest(CHAIN, Integer.MAX_VALUE).stream()
            .map(it -> it.manifest().sequence())
            .toList());
  }

  @Test
  void aHolderThatWakesUpAndTheOneThatTakesOverNeverBothCommit() throws Exception {
    for (int round = 0; round < 25; round++) {
      Lease sleeper = acquire(round % 2 == 0 ? store() : other());
      ChainStore mine = round % 2 == 0 ? store() : other();
      ChainStore theirs = round % 2 == 0 ? other() : store();
      Optional<CommittedManifest> head = mine.head(CHAIN);
      OpenRun run = run(CHAIN);
      mine.open(sleeper, run);
      fixture().pass(TIME.plus(fixture().skewTolerated()));
      Manifest late = after(head, run);
      Manifest next = after(head, run(CHAIN));
      List<Callable<Optional<CommittedManifest>>> calls =
          List.of(
              () -> attempt(mine, sleeper, late),
              () -> {
                try (Lease lease = acquire(theirs)) {
                  return attempt(theirs, lease, next);
                }
              });
      List<CommittedManifest> committed =
          together(calls).stream().flatMap(Optional::stream).toList();
      assertEquals(1, committed.size());
      assertEquals(Optional.of(committed.get(0)), mine.head(CHAIN));
      sleeper.close();
    }
    assertEquals(25, store().newest(CHAIN, Integer.MAX_VALUE).size());
  }

  @Test
  void readersSeeNoHalfOfACommit() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService reader = Executors.newSingleThreadExecutor();
    try (Lease lease = acquire(store())) {
      Future<Integer> read =
          reader.submit(
              () -> {
                int most = 0;
                while (!done.get()) {
                  List<CommittedManifest> all = other().newest(CHAIN, Integer.MAX_VALUE);
                  assertTrue(all.size() >= most, "a manifest went away");
                  most = all.size();
                  assertEquals(
                      LongStream.range(0, most).boxed().toList(),
                      all.stream().map(it -> it.manifest().sequence()).sorted().toList());
                  Optional<OpenRun> open = other().openRun(CHAIN);
                  assertFalse(
                      all.stream()
                          .map(it -> it.manifest().run())
                          .anyMatch(it -> open.map(OpenRun::run).equals(Optional.of(it))),
                      "a run is open that was committed");
                  Optional<RunProgress> progress = other().progress(CHAIN);
                  assertTrue(progress.isEmpty() || progress.get().written() == 7);
                }
                return most;
              });
      for (int i = 0; i < 30; i++) {
        OpenRun run = run(CHAIN);
        store().open(lease, run);
        store().progress(lease, new RunProgress(7, 7, EPOCH), false);
        store().commit(lease, after(store().head(CHAIN), run));
      }
      done.set(true);
      assertTrue(read.get(60, TimeUnit.SECONDS) <= 30);
    } finally {
      done.set(true);
      reader.shutdown();
    }
    assertEquals(30, other().newest(CHAIN, Integer.MAX_VALUE).size());
  }

  // ---------------------------------------------------------------- helpers

  private static Lease acquire(ChainStore store) {
    return store.acquire(CHAIN, "proxy", TIME);
  }

  /** Takes the lease of a holder that is asleep. */
  private Lease takeOver(ChainStore store) {
    fixture().pass(TIME.plus(fixture().skewTolerated()));
    return acquire(store);
  }

  private static Optional<Lease> attempt(ChainStore store) {
    try {
      return Optional.of(acquire(store));
    } catch (ConflictException held) {
      return Optional.empty();
    }
  }

  private static Optional<CommittedManifest> attempt(
      ChainStore store, Lease lease, Manifest manifest) {
    try {
      return Optional.of(store.commit(lease, manifest));
    } catch (ChainBrokenException refused) {
      return Optional.empty();
    }
  }

  private static CommittedManifest commit(ChainStore store, Lease lease) {
    OpenRun run = run(CHAIN);
    store.open(lease, run);
    return store.commit(lease, after(store.head(CHAIN), run));
  }

  /** Runs calls on a thread each, all let go at the same moment. */
  private static <T> List<T> together(List<Callable<T>> calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(calls.size());
    CyclicBarrier start = new CyclicBarrier(calls.size());
    try {
      List<Future<T>> running = new ArrayList<>();
      for (Callable<T> call : calls) {
        running.add(
            threads.submit(
                () -> {
                  start.await();
                  return call.call();
                }));
      }
      List<T> results = new ArrayList<>();
      for (Future<T> future : running) {
        results.add(future.get(60, TimeUnit.SECONDS));
      }
      return results;
    } finally {
      threads.shutdown();
    }
  }
}
