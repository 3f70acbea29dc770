// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.Limits;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class RunQueueTest {
  private static final Instant START = Instant.parse("2026-03-29T00:00:00Z");
  private static final long MIB = 1 << 20;

  private Instant now = START;

  private RunQueue<String> queue(int places, int disks, Limits limits) {
    return new RunQueue<>(places, disks, limits, () -> now);
  }

  private static RunQueue.Disk disk(String server, String pool, long bytes) {
    return new RunQueue.Disk(new Lane(server, pool), Instant.MAX, bytes);
  }

  /** A run of one disk for each pool. */
  private static void add(RunQueue<String> queue, String run, long bytes, String... pools) {
    List<RunQueue.Disk> disks = Arrays.stream(pools).map(it -> disk(run, it, bytes)).toList();
    assertTrue(queue.add(run, disks));
  }

  private static String all(RunQueue<String> queue) {
    List<String> admitted = new ArrayList<>();
    for (var next = queue.next(); next.isPresent(); next = queue.next()) {
      admitted.add(next.get());
    }
    return String.join(" ", admitted);
  }

  private static String oneByOne(RunQueue<String> queue) {
    List<String> order = new ArrayList<>();
    for (var next = queue.next(); next.isPresent(); next = queue.next()) {
      order.add(next.get());
      queue.done(next.get());
    }
    return String.join(" ", order);
  }

  @Test
  void notMoreThanThereArePlacesAndTheSmallestFirst() {
    RunQueue<String> queue = queue(2, 2, Limits.none());
    add(queue, "large", 500 * MIB, "p");
    add(queue, "small", 10 * MIB, "p");
    add(queue, "middle", 50 * MIB, "p");
    add(queue, "alike", 50 * MIB, "p");
    assertEquals("small middle", all(queue));
    assertEquals(2, queue.admitted());
    assertEquals(2, queue.waiting());
    queue.done("small");
    assertEquals("alike", all(queue));
  }

  @Test
  void serversThatAlwaysComeAgainKeepNobodyWaiting() {
    RunQueue<String> queue = queue(1, 1, Limits.none());
    for (int i = 0; i < 10; i++) {
      add(queue, "small " + i, 0, "p");
    }
    add(queue, "large", 1_000_000 * MIB, "p");
    int passed = 0;
    String next = queue.next().orElseThrow();
    while (!next.equals("large")) {
      passed++;
      queue.done(next);
      add(queue, next, 0, "p");
      next = queue.next().orElseThrow();
    }
    assertEquals(10, passed, "each of the others went once");
  }

  @Test
  void serversThatAreNeverTheSameKeepNobodyWaitingForEver() {
    RunQueue<String> queue = queue(1, 1, Limits.none());
    add(queue, "large", 1000 * MIB, "p");
    add(queue, "small 0", 0, "p");
    int passed = 0;
    String next = queue.next().orElseThrow();
    while (!next.equals("large")) {
      passed++;
      add(queue, "small " + passed, 0, "p");
      queue.done(next);
      next = queue.next().orElseThrow();
    }
    // as with equal shares: more and more of the small ones would share with it
    long ofItsSize = 1 + 1000 * MIB / RunQueue.DISK;
    assertTrue(passed < 2 * ofItsSize * ofItsSize, "passed " + passed);
  }

  @Test
  void whatIsOverdueGoesFirstThenTheNearestDeadline() {
    RunQueue<String> queue = queue(1, 1, Limits.none());
    Lane lane = new Lane("s", "p");
    Map<String, Integer> seconds = Map.of("far", 50, "near", 10, "over", -1, "long over", -1000);
    for (String run : List.of("far", "over", "near", "long over")) {
      Instant deadline = START.plusSeconds(seconds.get(run));
      queue.add(
          run,
          List.of(
              new RunQueue.Disk(lane, Instant.MAX, 0),
              new RunQueue.Disk(lane, deadline, run.equals("over") ? 100 : 200)));
    }
    add(queue, "none", 0, "p");
    assertEquals("over", queue.next().orElseThrow(), "the smaller of those that are overdue");
    queue.done("over");
    assertEquals("long over near far none", oneByOne(queue));
  }

  @Test
  void aRunWhosePoolIsAtItsLimitDoesNotKeepOthersWaiting() {
    RunQueue<String> queue = queue(8, 4, Limits.none().withDisksPerPool(1));
    for (int i = 0; i < 9; i++) {
      add(queue, "a" + i, i, "a");
    }
    add(queue, "b", 1000, "b");
    add(queue, "c", 1000, "c");
    add(queue, "ac", 2000, "a", "c");
    // two of the pool "a": one that goes and one for the moment when it is done
    assertEquals("a0 a1 b c ac", all(queue), "the last one for its disk in c");
    queue.done("a0");
    assertEquals("", all(queue));
    queue.diskDone("ac", new Lane("ac", "a"));
    assertEquals("a2", all(queue), "a disk at rest needs no place in its pool");
  }

  @Test
  void aServerAtItsLimitDoesNotKeepOthersWaiting() {
    RunQueue<String> queue = queue(2, 2, Limits.none().withDisksPerServer(1));
    for (String run : List.of("to one target", "to another")) {
      queue.add(run, List.of(disk("server", "p", 0)));
    }
    add(queue, "other", MIB, "p");
    assertEquals("to one target other", all(queue));
  }

  @Test
  void whatWaitsCanBeTakenOutAndIsNotLostAtTheEnd() {
    RunQueue<String> queue = queue(1, 1, Limits.none());
    add(queue, "a", 1, "p");
    add(queue, "b", 2, "p");
    add(queue, "c", 3, "p");
    assertTrue(queue.remove("b"));
    assertFalse(queue.remove("b"));
    assertEquals("a", queue.next().orElseThrow());
    assertFalse(queue.remove("a"), "it is admitted");
    assertEquals(List.of("c"), queue.close());
    assertTrue(queue.isClosed());
    assertFalse(queue.add("d", List.of()));
    queue.done("a");
    assertEquals(Optional.empty(), queue.next());
  }

  /** Whatever is done, limits hold, nothing is lost, and somebody goes if anybody can. */
  @RepeatedTest(20)
  void randomHistories() {
    long seed = RandomWorkload.seed();
    try {
      new History(new SplittableRandom(seed)).run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("-Dsync.seed=" + seed, e);
    }
  }

  private final class History {
    private final SplittableRandom random;
    private final int places;
    private final int active;
    private final Limits limits;
    private final RunQueue<Integer> queue;
    private final Map<Integer, List<RunQueue.Disk>> waiting = new HashMap<>();
    private final Map<Integer, List<RunQueue.Disk>> admitted = new HashMap<>();
    private final Set<Integer> ended = new HashSet<>();

    private int added;

    History(SplittableRandom random) {
      this.random = random;
      this.active = random.nextInt(1, 7);
      this.places = random.nextInt(1, 13);
      this.limits =
          Limits.none()
              .withDisksPerServer(random.nextInt(2) == 0 ? 1000 : random.nextInt(1, 4))
              .withDisksPerPool(random.nextInt(2) == 0 ? 1000 : random.nextInt(1, 5));
      this.queue = new RunQueue<>(places, active, limits, () -> now);
    }

    void run() {
      for (int step = 0; step < 3000; step++) {
        switch (random.nextInt(8)) {
          case 0, 1 -> add();
          case 2 -> diskDone();
          case 3 -> end();
          case 4 -> remove();
          case 5 -> now = now.plusSeconds(random.nextInt(5));
          default -> next();
        }
        assertEquals(waiting.size(), queue.waiting());
        assertEquals(admitted.size(), queue.admitted());
      }
      if (random.nextBoolean()) {
        while (!waiting.isEmpty()) {
          if (!next()) {
            end();
          }
        }
      }
      List<Integer> left = queue.close();
      assertEquals(waiting.keySet(), Set.copyOf(left));
      ended.addAll(left);
      ended.addAll(admitted.keySet());
      assertEquals(added, ended.size(), "nothing is lost");
    }

    private void add() {
      String server = "s" + random.nextInt(12);
      List<RunQueue.Disk> disks = new ArrayList<>();
      for (int i = random.nextInt(4); i > 0; i--) {
        Instant deadline =
            random.nextInt(4) > 0 ? Instant.MAX : now.plusSeconds(random.nextInt(-50, 50));
        Lane lane = new Lane(server, "p" + random.nextInt(3));
        disks.add(new RunQueue.Disk(lane, deadline, random.nextLong(100 * MIB)));
      }
      assertTrue(queue.add(added, disks));
      waiting.put(added++, new ArrayList<>(disks));
    }

    private Optional<Integer> any(Map<Integer, ?> of) {
      List<Integer> all = List.copyOf(of.keySet());
      return all.isEmpty() ? Optional.empty() : Optional.of(all.get(random.nextInt(all.size())));
    }

    private void diskDone() {
      any(admitted)
          .filter(it -> !admitted.get(it).isEmpty())
          .ifPresent(
              run -> {
                List<RunQueue.Disk> left = admitted.get(run);
                RunQueue.Disk disk = left.remove(random.nextInt(left.size()));
                queue.diskDone(run, disk.lane());
              });
    }

    private void end() {
      any(admitted)
          .ifPresent(
              run -> {
                admitted.remove(run);
                queue.done(run);
                assertTrue(ended.add(run));
              });
    }

    private void remove() {
      if (random.nextInt(10) == 0) {
        any(waiting)
            .ifPresent(
                run -> {
                  waiting.remove(run);
                  assertTrue(queue.remove(run));
                  assertTrue(ended.add(run));
                });
      }
    }

    private long runsWith(Predicate<Lane> lane) {
      return admitted.values().stream()
          .filter(disks -> disks.stream().anyMatch(it -> lane.test(it.lane())))
          .count();
    }

    /** Whether a place more would be of any use to it, were places shared out by limits. */
    private boolean couldGo(List<RunQueue.Disk> disks) {
      return disks.isEmpty()
          || disks.stream()
              .map(RunQueue.Disk::lane)
              .anyMatch(
                  lane ->
                      roomFor(
                              runsWith(it -> it.server().equals(lane.server())),
                              limits.disksPerServer())
                          && roomFor(
                              runsWith(it -> it.pool().equals(lane.pool())),
                              limits.disksPerPool()));
    }

    private boolean roomFor(long runs, int limit) {
      return limit >= active || runs < limit || (runs + 1) * active <= (long) limit * places;
    }

    private Instant due(List<RunQueue.Disk> disks) {
      Instant deadline =
          disks.stream()
              .map(RunQueue.Disk::deadline)
              .min(Comparator.naturalOrder())
              .orElse(Instant.MAX);
      return deadline.isBefore(now) ? Instant.MIN : deadline;
    }

    private boolean next() {
      Optional<Integer> next = queue.next();
      Optional<Instant> nearest =
          waiting.values().stream()
              .filter(this::couldGo)
              .map(this::due)
              .min(Comparator.naturalOrder());
      assertEquals(
          admitted.size() < places && nearest.isPresent(), next.isPresent(), "if any could go");
      if (next.isEmpty()) {
        return false;
      }
      List<RunQueue.Disk> disks = waiting.remove(next.get());
      assertTrue(couldGo(disks), "it could go");
      assertEquals(nearest.orElseThrow(), due(disks), "the nearest deadline");
      admitted.put(next.get(), disks);
      return true;
    }
  }
}
