// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class FairOrderTest {
  private final FairOrder order = new FairOrder();

  @Test
  void ofTwoThatComeTogetherTheSmallerIsDoneFirst() {
    assertTrue(order.add("a", 100).ends() > order.add("b", 10).ends());
  }

  @Test
  void whoCameEarlierHasGotSomethingAlready() {
    FairOrder.Share large = order.add("a", 100);
    order.moved(95);
    FairOrder.Share small = order.add("b", 10);
    assertTrue(small.ends() > large.ends(), "the large one has 5 left");
    order.moved(15);
    assertEquals(105, order.add("c", 1).begins(), 1e-9, "both are done");
  }

  @Test
  void whoHasMuchIsNotPassedByAStreamOfSmallOnes() {
    FairOrder.Share large = order.add("a", 1_000_000);
    FairOrder.Share small = order.add("b", 10);
    assertTrue(order.hasBegun(small) && small.ends() < large.ends());
    order.moved(10);
    FairOrder.Share next = order.add("b", 10);
    assertFalse(order.hasBegun(next), "it would not have begun: a has got half of what was moved");
    order.moved(10);
    assertTrue(order.hasBegun(next));
  }

  private record Arrival(double at, String server, long bytes) {}

  /** Against the ideal, worked out by somebody who knows of no clock. */
  @RepeatedTest(100)
  void noRunIsDoneLaterThanInTheIdealByMoreThanTheLargest() {
    long seed = RandomWorkload.seed();
    List<Arrival> arrivals = arrivals(new SplittableRandom(seed));
    double[] ideal = ideal(arrivals);
    double[] real = oneByOne(arrivals);
    double largest = arrivals.stream().mapToLong(Arrival::bytes).max().orElse(0);
    for (int i = 0; i < ideal.length; i++) {
      if (real[i] > ideal[i] + largest + 1e-3) {
        fail(
            String.format(
                Locale.ROOT,
                "%s is done at %.3f, in the ideal at %.3f; -Dsync.seed=%d",
                arrivals.get(i),
                real[i],
                ideal[i],
                seed));
      }
    }
  }

  private static List<Arrival> arrivals(SplittableRandom random) {
    List<Arrival> arrivals = new ArrayList<>();
    int runs = random.nextInt(1, 100);
    int servers = random.nextInt(1, 20);
    int most = random.nextInt(2) == 0 ? 10 : 1000;
    int pause = random.nextInt(1, 3) * most;
    double at = 0;
    for (int i = 0; i < runs; i++) {
      // some together, some after all others are done
      at += random.nextInt(3) == 0 ? 0 : random.nextInt(pause);
      long bytes = random.nextInt(4) == 0 ? random.nextInt(1, most) : 1 + most / 10;
      arrivals.add(new Arrival(at, "s" + random.nextInt(servers), bytes));
    }
    return arrivals;
  }

  /** When each is done if all servers that have any share, at one byte a second. */
  private static double[] ideal(List<Arrival> arrivals) {
    double[] left = arrivals.stream().mapToDouble(Arrival::bytes).toArray();
    double[] done = new double[left.length];
    double now = 0;
    int ended = 0;
    while (ended < left.length) {
      Map<String, Integer> there = new LinkedHashMap<>();
      double next = Double.MAX_VALUE;
      for (int i = 0; i < left.length; i++) {
        if (arrivals.get(i).at() > now) {
          next = Math.min(next, arrivals.get(i).at());
        } else if (left[i] > 0) {
          there.putIfAbsent(arrivals.get(i).server(), i);
        }
      }
      if (there.isEmpty()) {
        now = next;
        continue;
      }
      double smallest = there.values().stream().mapToDouble(i -> left[i]).min().orElseThrow();
      double step = Math.min(smallest, (next - now) / there.size());
      now += step * there.size();
      for (int i : there.values()) {
        left[i] = left[i] - step < 1e-7 ? 0 : left[i] - step;
        if (left[i] == 0) {
          done[i] = now;
          ended++;
        }
      }
    }
    return done;
  }

  private record Waiting(int run, FairOrder.Share share) {}

  /** When each is done if they go one by one, at one byte a second. */
  private double[] oneByOne(List<Arrival> arrivals) {
    double[] done = new double[arrivals.size()];
    List<Waiting> waiting = new ArrayList<>();
    double now = 0;
    double told = 0;
    int come = 0;
    while (come < done.length || !waiting.isEmpty()) {
      double end;
      if (waiting.isEmpty()) {
        end = arrivals.get(come).at();
        told = end;
      } else {
        Waiting next =
            waiting.stream()
                .min(
                    Comparator.<Waiting, Boolean>comparing(it -> !order.hasBegun(it.share()))
                        .thenComparingDouble(it -> it.share().ends()))
                .orElseThrow();
        waiting.remove(next);
        end = now + arrivals.get(next.run()).bytes();
        done[next.run()] = end;
      }
      for (; come < done.length && arrivals.get(come).at() <= end; come++) {
        Arrival arrival = arrivals.get(come);
        double at = Math.max(told, arrival.at());
        order.moved(Math.round(at - told));
        told = at;
        waiting.add(new Waiting(come, order.add(arrival.server(), arrival.bytes())));
      }
      order.moved(Math.round(end - told));
      told = end;
      now = end;
    }
    return done;
  }
}
