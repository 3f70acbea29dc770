// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.fixture.CrashPoint;
import com.oneprocloud.sync.engine.fixture.MemoryFolder;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.fixture.World;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Histories at random: guests write, resize and roll back, processes die and machines lose power,
 * proxies stand still until another has taken their lease, strangers remove snapshots of ours and
 * make their own, and somebody writes to the replica. After each event the promises hold. {@code
 * -Dsync.steps} says how many events.
 */
class HistoryTest {
  private static final int OBJECT = World.OBJECT;
  private static final ReconcileSettings NOW =
      ReconcileSettings.lookOnly().removing().withGrace(Duration.ZERO);

  @TempDir(factory = MemoryFolder.class)
  Path folder;

  private long left;

  @RegisterExtension
  final LeakCheck leaks = new LeakCheck().counting("bytes and handles left", () -> left);

  private final long seed = RandomWorkload.seed();
  private final SplittableRandom random = new SplittableRandom(seed);
  private final Map<String, Integer> events = new TreeMap<>();
  private final Set<String> foreign = new TreeSet<>();

  /** Whether somebody removed a snapshot of ours, so that a base may be missing. */
  private boolean robbed;

  private World world;

  @Test
  void thePromisesHoldWhateverHappens() throws Exception {
    int steps = RandomWorkload.steps(150);
    try (World made = new World(folder, 12L * OBJECT)) {
      world = made;
      for (int step = 0; step < steps; step++) {
        disturb(step);
        run();
        world.checkAtRest(!robbed);
        assertTrue(present().containsAll(foreign), "nobody else's snapshot is touched");
      }
      settle();
      left = world.left();
    } catch (RuntimeException | AssertionError e) {
      throw new AssertionError(
          "with -Dsync.seed=" + seed + " -Dsync.steps=" + steps + ", after " + events, e);
    }
    System.out.println("history of " + steps + " steps with -Dsync.seed=" + seed + ": " + events);
    assertTrue(
        events
            .keySet()
            .containsAll(List.of("committed", "process died", "power lost", "stood still")),
        events::toString);
  }

  private void did(String event) {
    events.merge(event, 1, Integer::sum);
  }

  private Set<String> present() {
    return new TreeSet<>(world.disk.snapshots().stream().map(Snapshot::name).toList());
  }

  private List<String> own() {
    return world.own();
  }

  /** What happens to the image between two runs. */
  private void disturb(int step) throws IOException {
    if (random.nextInt(5) == 0) {
      world.disk.resize(random.nextLong(8L * OBJECT, 16L * OBJECT));
    }
    int room = (int) world.disk.size();
    int length = random.nextInt(1, 2 * OBJECT);
    world.write(random.nextInt(room - length), length, step);
    if (random.nextInt(4) == 0) {
      world.disk.discard(random.nextInt(7) * (long) OBJECT, OBJECT);
    }
    List<String> own = own();
    switch (random.nextInt(14)) {
      case 0 -> {
        if (!own.isEmpty()) {
          world.disk.removeSnapshot(own.get(random.nextInt(own.size())));
          robbed = true;
          did("snapshot of ours removed");
        }
      }
      case 1 -> {
        if (!own.isEmpty()) {
          world.disk.rollBack(own.get(random.nextInt(own.size())));
          did("image rolled back");
        }
      }
      case 2 -> {
        String name = "foreign-" + step;
        world.disk.snapshot(name);
        foreign.add(name);
      }
      case 3 -> {
        if (!foreign.isEmpty()) {
          String name = foreign.iterator().next();
          foreign.remove(name);
          world.disk.removeSnapshot(name);
        }
      }
      case 4 -> spoilReplica();
      case 5 -> {
        world.in(engine -> engine.reconcile(NOW));
        did("reconciled");
      }
      default -> {}
    }
  }

  /** Somebody else writes to the replica. */
  private void spoilReplica() throws IOException {
    if (!Files.exists(world.file()) || !atRest()) {
      return;
    }
    try (RandomAccessFile file = new RandomAccessFile(world.file().toFile(), "rw")) {
      file.write(new byte[] {1, 2, 3});
    }
    // some file systems keep times too coarse for a test
    Files.setLastModifiedTime(world.file(), FileTime.from(Instant.ofEpochSecond(1)));
    did("replica spoilt");
  }

  private boolean atRest() {
    return world.target().state(World.NAME) instanceof ReplicaState.Committed;
  }

  private void run() throws Exception {
    switch (random.nextInt(6)) {
      case 0, 1 -> die();
      case 2 -> standStill();
      case 3 -> {
        // a proxy that died holds the lease
        try (Lease held =
            world.chains().acquire(world.chain(), "dead", World.SETTINGS.leaseTime())) {
          assertTrue(held.token() > 0);
          Optional<SyncException> refused = refusal(world::sync);
          assertTrue(refused.isPresent());
          did("refused: " + refused.get().getClass().getSimpleName());
        }
      }
      default -> sync();
    }
    world.letLeasesExpire();
  }

  /** A run that nobody disturbs; it is asked to repair what it may not overwrite unasked. */
  private DiskReport sync() {
    DiskReport report;
    try {
      report = world.crash(CrashPoint.never(), false, 0).orElseThrow();
    } catch (InvalidPlanException e) {
      did("refused, then repaired");
      report = world.sync(SyncMode.RESYNC);
    }
    committed(report);
    return report;
  }

  private void committed(DiskReport report) {
    world.checkCommitted(report);
    did("committed");
    if (report.committed().manifest().sequence() > 0) {
      assertTrue(own().size() <= 2, () -> "a base and a spare base: " + own());
    }
    // the newest snapshot is there, whatever was removed before
    robbed = false;
  }

  private void die() {
    boolean power = random.nextBoolean();
    Optional<DiskReport> report;
    try {
      report = world.crash(CrashPoint.at(random.nextInt(90)), power, random.nextLong());
    } catch (InvalidPlanException e) {
      sync();
      return;
    }
    if (report.isPresent()) {
      committed(report.get());
    } else {
      did(power ? "power lost" : "process died");
    }
  }

  /** A proxy stands still at some step until its lease has expired and another one has run. */
  private void standStill() throws Exception {
    StandStill still = new StandStill(random.nextInt(60));
    FutureTask<DiskReport> sleeper = new FutureTask<>(() -> world.sync(still));
    Thread thread = new Thread(sleeper, "sleeper");
    thread.start();
    boolean asleep = still.awaitAsleep(thread);
    if (asleep) {
      did("stood still");
      world.letLeasesExpire();
      Optional<SyncException> refused = refusal(world::sync);
      did("beside it: " + refused.map(it -> it.getClass().getSimpleName()).orElse("committed"));
    }
    still.wake();
    try {
      DiskReport report = sleeper.get(120, TimeUnit.SECONDS);
      List<CommittedManifest> chain = world.chains().newest(world.chain(), Integer.MAX_VALUE);
      assertTrue(chain.contains(report.committed()), "what was reported is in the chain");
      robbed = false;
      did(asleep ? "woke up and committed" : "committed");
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof SyncException refused)) {
        throw new AssertionError("not typed", e.getCause());
      }
      did((asleep ? "woke up: " : "refused: ") + refused.getClass().getSimpleName());
    }
  }

  private static Optional<SyncException> refusal(Supplier<DiskReport> run) {
    try {
      var unused = run.get();
      return Optional.empty();
    } catch (SyncException e) {
      return Optional.of(e);
    }
  }

  /** In the end all is as if nothing had happened. */
  private void settle() {
    sync();
    world.write(0, 10, 1);
    world.letLeasesExpire();
    sync();
    world.letLeasesExpire();
    sync();
    assertEquals(2, own().size(), () -> own().toString());
    Set<String> all = new TreeSet<>(own());
    all.addAll(foreign);
    assertEquals(all, present());
    world.in(
        engine -> {
          assertEquals(2, engine.reconcile(NOW).in(ReconcileReport.State.NEEDED).size());
          return engine;
        });
  }

  /** Stops a process at one of its durable steps; its lease is not renewed meanwhile either. */
  private static final class StandStill implements Steps {
    private final CountDownLatch asleep = new CountDownLatch(1);
    private final CountDownLatch awake = new CountDownLatch(1);
    private int left;

    StandStill(int at) {
      this.left = at;
    }

    @Override
    public <T> T durable(String name, Supplier<T> step) {
      boolean here;
      synchronized (this) {
        here = left-- == 0;
      }
      if (here) {
        asleep.countDown();
        await();
      }
      return step.get();
    }

    @Override
    public <T> T look(String name, Supplier<T> step) {
      if (name.equals("renew lease") && asleep.getCount() == 0) {
        await();
      }
      return step.get();
    }

    /** Whether it sleeps; if not, it has ended. */
    boolean awaitAsleep(Thread thread) throws InterruptedException {
      while (thread.isAlive()) {
        if (asleep.await(5, TimeUnit.MILLISECONDS)) {
          return true;
        }
      }
      return asleep.getCount() == 0;
    }

    void wake() {
      awake.countDown();
    }

    private void await() {
      try {
        assertTrue(awake.await(120, TimeUnit.SECONDS), "it is woken");
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }
}
