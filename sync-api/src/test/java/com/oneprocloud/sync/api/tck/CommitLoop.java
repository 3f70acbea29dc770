// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunProgress;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;

/**
 * Commits as fast as it can and says what was acknowledged, until it is killed; and holds what is
 * then found against what was said.
 */
public final class CommitLoop {
  private static final ChainId CHAIN = ChainRecords.chain("killed", "disk");

  private CommitLoop() {}

  /** Commits without end; a line for each commit that was acknowledged. */
  public static void run(ChainStore store, PrintStream said) {
    try (Lease lease = store.acquire(CHAIN, "loop", Duration.ofHours(1))) {
      Optional<CommittedManifest> head = store.head(CHAIN);
      while (true) {
        OpenRun run = ChainRecords.run(CHAIN);
        store.open(lease, run);
        store.open(lease, run.taken(ChainRecords.snapshot(1)));
        store.progress(lease, new RunProgress(8, 0, "epoch"), false);
        store.progress(lease, new RunProgress(8, 8, "epoch"), true);
        head = Optional.of(store.commit(lease, withDigests(store, lease, head, run)));
        said.println(head.get().manifest().sequence() + " " + head.get().hash());
        said.flush();
      }
    }
  }

  /** Every third record names all blocks, so that those before it are removed. */
  private static Manifest withDigests(
      ChainStore store, Lease lease, Optional<CommittedManifest> head, OpenRun run) {
    Manifest manifest = ChainRecords.after(head, run);
    byte[] record = record(manifest);
    ChainRecords.writeDigests(store, lease, record);
    boolean adds =
        manifest.sequence() % 3 != 0
            && head.filter(it -> it.manifest().digests().isPresent()).isPresent();
    return ChainRecords.with(
        manifest,
        adds
            ? ChainRecords.added(record, head.get().manifest())
            : ChainRecords.complete(record, manifest.sequence()));
  }

  private static byte[] record(Manifest manifest) {
    byte[] record = new byte[3000];
    Arrays.fill(record, (byte) manifest.sequence());
    return record;
  }

  /** Those that are needed are there. */
  private static void checkDigests(ChainStore store, List<CommittedManifest> all) {
    Manifest newest = all.get(0).manifest();
    if (newest.digests().isPresent()) {
      long base = newest.digests().get().base();
      all.stream()
          .map(CommittedManifest::manifest)
          .filter(it -> it.sequence() >= base)
          .forEach(it -> assertArrayEquals(record(it), ChainRecords.readDigests(store, it)));
    }
  }

  /**
   * Runs the loop in a process, lets something happen to it, and checks the chain.
   *
   * @param loop a process whose output is that of {@link #run}
   * @param store the same storage, where the process' leases have expired
   * @param disturb ends the process, by its handle, since {@link Process#destroyForcibly} would
   *     also close what it said; or ends what it needs
   * @return the number of the last commit that was acknowledged
   */
  public static long disturb(
      ProcessBuilder loop, ChainStore store, Random random, Consumer<Process> disturb)
      throws IOException, InterruptedException {
    long before = store.head(CHAIN).map(it -> it.manifest().sequence()).orElse(-1L);
    Process process = loop.start();
    String last = null;
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      int commits = 1 + random.nextInt(20);
      for (int i = 0; i < commits; i++) {
        last = said.readLine();
      }
      assertTrue(last != null, "the loop ended by itself");
      Thread.sleep(0, random.nextInt(1_000_000));
      disturb.accept(process);
      for (String line = said.readLine(); line != null; line = said.readLine()) {
        last = line;
      }
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
    long acknowledged = Long.parseLong(last.split(" ", 2)[0]);
    assertTrue(acknowledged > before, last);
    check(store, acknowledged, last.split(" ", 2)[1]);
    return acknowledged;
  }

  private static void check(ChainStore store, long acknowledged, String hash) {
    // first, so that nothing of the process is under way any more
    try (Lease lease = store.acquire(CHAIN, "check", Duration.ofMinutes(1))) {
      List<CommittedManifest> all = store.newest(CHAIN, Integer.MAX_VALUE);
      long newest = all.get(0).manifest().sequence();
      assertEquals(newest + 1, all.size());
      assertTrue(
          newest == acknowledged || newest == acknowledged + 1, newest + ", " + acknowledged);
      assertEquals(hash, all.get((int) (newest - acknowledged)).hash().hex());
      Optional<OpenRun> open = store.openRun(CHAIN);
      assertTrue(
          all.stream()
              .noneMatch(it -> Optional.of(it.manifest().run()).equals(open.map(OpenRun::run))));
      Optional<RunProgress> progress = store.progress(CHAIN);
      assertTrue(progress.isEmpty() || progress.get().written() == 8);
      checkDigests(store, all);
      // and it goes on
      OpenRun run = open.orElseGet(() -> ChainRecords.run(CHAIN));
      store.open(lease, run);
      store.commit(lease, ChainRecords.after(Optional.of(all.get(0)), run));
    }
  }
}
