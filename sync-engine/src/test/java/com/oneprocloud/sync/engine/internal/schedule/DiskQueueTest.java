// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.RandomWorkload;
import com.oneprocloud.sync.engine.Limits;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class DiskQueueTest {
  private static final Instant START = Instant.parse("2026-03-29T00:00:00Z");

  private Instant now = START;

  private DiskQueue<String> queue(int active, Limits limits) {
    return new DiskQueue<>(active, limits, () -> now);
  }

  private static void add(DiskQueue<String> queue, String disk) {
    add(queue, disk, Instant.MAX);
  }

  /** A disk "a1" is the server's "a". */
  private static void add(DiskQueue<String> queue, String disk, Instant deadline) {
    assertTrue(queue.add(new Lane(disk.substring(0, 1), "pool"), deadline, disk));
  }

  private static String oneByOne(DiskQueue<String> queue) {
    List<String> order = new ArrayList<>();
    for (var next = queue.next(); next.isPresent(); next = queue.next()) {
      order.add(next.get().what());
      queue.done(next.get().lane());
    }
    return String.join(" ", order);
  }

  @Test
  void aServerWithManyDisksDoesNotKeepOthersWaiting() {
    DiskQueue<String> queue = queue(1, Limits.none());
    for (int i = 0; i < 50; i++) {
      add(queue, "a" + i);
    }
    add(queue, "b0");
    add(queue, "c0");
    add(queue, "b1");
    assertTrue(oneByOne(queue).startsWith("a0 b0 c0 a1 b1 a2 a3 "));
  }

  @Test
  void aServerThatMayNotGoKeepsItsPlace() {
    DiskQueue<String> queue = queue(9, Limits.none().withDisksPerServer(1));
    add(queue, "a0");
    add(queue, "a1");
    add(queue, "b0");
    Lane a = queue.next().orElseThrow().lane();
    assertEquals("b0", queue.next().orElseThrow().what());
    add(queue, "c0");
    assertEquals("c0", queue.next().orElseThrow().what());
    add(queue, "d0");
    queue.done(a);
    assertEquals("a1", queue.next().orElseThrow().what());
  }

  @Test
  void theNearestDeadlineGoesFirstAndWhatIsOverdueTakesTurns() {
    DiskQueue<String> queue = queue(1, Limits.none());
    add(queue, "a0");
    add(queue, "b0", START.plusSeconds(50));
    add(queue, "c0", START.plusSeconds(10));
    add(queue, "d0", START.minusSeconds(1));
    add(queue, "d1", START.minusSeconds(1));
    add(queue, "e0", START.minusSeconds(1000));
    assertEquals("d0 e0 d1 c0 b0 a0", oneByOne(queue));
    add(queue, "a0", START.plusSeconds(1));
    add(queue, "b0", START.plusSeconds(2));
    now = START.plusSeconds(9);
    add(queue, "c0", START.minusSeconds(1000));
    assertEquals("a0 b0 c0", oneByOne(queue), "who fails all the time is not always first");
  }

  @Test
  void whatWaitsCanBeTakenOutAndIsNotLostAtTheEnd() {
    DiskQueue<String> queue = queue(1, Limits.none());
    add(queue, "a0");
    add(queue, "a1");
    add(queue, "b0");
    assertTrue(queue.remove("b0"));
    assertFalse(queue.remove("b0"));
    assertEquals("a0", queue.next().orElseThrow().what());
    assertFalse(queue.remove("a0"), "it is active");
    assertEquals(List.of("a1"), queue.close());
    assertFalse(queue.add(new Lane("c", "pool"), Instant.MAX, "c0"));
    queue.done(new Lane("a", "pool"));
    assertEquals(Optional.empty(), queue.next());
  }

  /** A model that looks at everything again and again, and what must hold whatever is done. */
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
    private final int active;
    private final Limits limits;
    private final boolean deadlines;
    private final DiskQueue<Integer> queue;
    private final List<DiskQueue.Entry<Integer>> waiting = new ArrayList<>();
    private final List<DiskQueue.Entry<Integer>> driven = new ArrayList<>();
    private final Set<Integer> ended = new HashSet<>();

    /** How often each other server went while this one could have gone. */
    private final Map<String, Map<String, Integer>> passed = new HashMap<>();

    private int added;

    History(SplittableRandom random) {
      this.random = random;
      this.active = random.nextInt(1, 9);
      this.limits =
          Limits.none()
              .withDisksPerServer(random.nextInt(2) == 0 ? 1000 : random.nextInt(1, 4))
              .withDisksPerPool(random.nextInt(2) == 0 ? 1000 : random.nextInt(1, 5));
      this.deadlines = random.nextInt(3) == 0;
      this.queue = new DiskQueue<>(active, limits, () -> now);
    }

    void run() {
      for (int step = 0; step < 3000; step++) {
        switch (random.nextInt(7)) {
          case 0, 1 -> add();
          case 2 -> end();
          case 3 -> remove();
          case 4 -> now = now.plusSeconds(random.nextInt(5));
          default -> next();
        }
      }
      if (random.nextBoolean()) {
        while (!waiting.isEmpty()) {
          if (!next()) {
            end();
          }
        }
      }
      List<Integer> left = queue.close();
      assertEquals(new HashSet<>(waiting.stream().map(it -> it.what()).toList()), Set.copyOf(left));
      left.forEach(it -> assertTrue(ended.add(it)));
      driven.forEach(it -> assertTrue(ended.add(it.what())));
      assertEquals(added, ended.size(), "nothing is lost and nothing twice");
    }

    private void add() {
      Lane lane = new Lane("s" + random.nextInt(8), "p" + random.nextInt(3));
      Instant deadline =
          !deadlines || random.nextInt(4) == 0
              ? Instant.MAX
              : now.plus(Duration.ofSeconds(random.nextInt(-50, 50)));
      var entry = new DiskQueue.Entry<>(lane, deadline, added++);
      assertTrue(queue.add(lane, deadline, entry.what()));
      waiting.add(entry);
    }

    private void end() {
      if (!driven.isEmpty()) {
        var entry = driven.remove(random.nextInt(driven.size()));
        queue.done(entry.lane());
        ended.add(entry.what());
      }
    }

    private void remove() {
      if (!waiting.isEmpty() && random.nextInt(10) == 0) {
        var entry = waiting.remove(random.nextInt(waiting.size()));
        assertTrue(queue.remove(entry.what()));
        ended.add(entry.what());
        forgetThoseWhoDoNotWait();
      }
    }

    private Optional<DiskQueue.Entry<Integer>> firstOf(String server) {
      return waiting.stream().filter(it -> it.lane().server().equals(server)).findFirst();
    }

    private boolean fits(Lane lane) {
      return driven.size() < active
          && driven.stream().filter(it -> it.lane().server().equals(lane.server())).count()
              < limits.disksPerServer()
          && driven.stream().filter(it -> it.lane().pool().equals(lane.pool())).count()
              < limits.disksPerPool();
    }

    private Instant due(DiskQueue.Entry<Integer> entry) {
      return entry.deadline().isBefore(now) ? Instant.MIN : entry.deadline();
    }

    private boolean next() {
      List<DiskQueue.Entry<Integer>> could = new ArrayList<>();
      for (String server : new HashSet<>(waiting.stream().map(it -> it.lane().server()).toList())) {
        firstOf(server).filter(it -> fits(it.lane())).ifPresent(could::add);
      }
      var next = queue.next();
      assertEquals(!could.isEmpty(), next.isPresent(), "it goes if any could");
      if (next.isEmpty()) {
        return false;
      }
      var entry = next.get();
      assertTrue(could.contains(entry), "the first of its server, within the limits");
      String server = entry.lane().server();
      for (var other : could) {
        assertFalse(due(other).isBefore(due(entry)), "the nearest deadline");
        if (due(other).equals(due(entry)) && !other.equals(entry)) {
          int times =
              passed
                  .computeIfAbsent(other.lane().server(), it -> new HashMap<>())
                  .merge(server, 1, Integer::sum);
          assertTrue(deadlines || times <= 1, "no server goes twice while another could");
        }
      }
      passed.remove(server);
      waiting.remove(entry);
      driven.add(entry);
      forgetThoseWhoDoNotWait();
      return true;
    }

    private void forgetThoseWhoDoNotWait() {
      passed.keySet().removeIf(it -> firstOf(it).isEmpty());
    }
  }
}
