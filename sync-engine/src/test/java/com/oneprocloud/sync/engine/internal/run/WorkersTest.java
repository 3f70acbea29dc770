// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.api.tck.RandomWorkload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class WorkersTest {
  @RegisterExtension final LeakCheck leaks = new LeakCheck();

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDiskHasThreadsWhateverTheOthersAreStuckIn() {
    CountDownLatch answer = new CountDownLatch(1);
    AtomicInteger stuck = new AtomicInteger();
    CountDownLatch five = new CountDownLatch(5);
    try (Workers workers = new Workers(4, 3)) {
      try {
        for (int disk = 0; disk < 2; disk++) {
          Executor hangs = workers.disk();
          for (int i = 0; i < 50; i++) {
            hangs.execute(
                () -> {
                  stuck.incrementAndGet();
                  five.countDown();
                  await(answer);
                });
          }
        }
        Executor other = workers.disk();
        CountDownLatch done = new CountDownLatch(500);
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        for (int i = 0; i < 500; i++) {
          int number = i;
          other.execute(
              () -> {
                order.add(number);
                done.countDown();
              });
        }
        await(five);
        await(done);
        // the first took four, all that it may; one was left for the second and one for the third
        assertEquals(5, stuck.get());
        List<Integer> sorted = new ArrayList<>(order);
        Collections.sort(sorted);
        assertEquals(sorted, order, "one thread, one after the other");
      } finally {
        answer.countDown();
      }
    }
    assertEquals(100, stuck.get(), "what was taken is done before it is closed");
  }

  @Test
  void randomTasksAllRunAndNeverOnTooManyThreads() {
    long seed = RandomWorkload.seed();
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < RandomWorkload.steps(30); round++) {
      int most = random.nextInt(1, 5);
      int disks = random.nextInt(1, 5);
      int tasks = random.nextInt(1, 200);
      AtomicInteger done = new AtomicInteger();
      AtomicInteger all = new AtomicInteger();
      AtomicInteger peak = new AtomicInteger();
      AtomicInteger[] running = new AtomicInteger[disks];
      AtomicInteger peakOfDisk = new AtomicInteger();
      try (Workers workers = new Workers(most, disks)) {
        Executor[] executors = new Executor[disks];
        for (int i = 0; i < disks; i++) {
          executors[i] = workers.disk();
          running[i] = new AtomicInteger();
        }
        for (int i = 0; i < tasks; i++) {
          int disk = random.nextInt(disks);
          boolean waits = random.nextInt(8) == 0;
          executors[disk].execute(
              () -> {
                peak.accumulateAndGet(all.incrementAndGet(), Math::max);
                peakOfDisk.accumulateAndGet(running[disk].incrementAndGet(), Math::max);
                if (waits) {
                  LockSupport.parkNanos(100_000);
                }
                running[disk].decrementAndGet();
                all.decrementAndGet();
                done.incrementAndGet();
              });
        }
      }
      assertEquals(tasks, done.get(), () -> "with -Dsync.seed=" + seed);
      assertTrue(peak.get() <= Workers.threads(most, disks), () -> "with -Dsync.seed=" + seed);
      assertTrue(peakOfDisk.get() <= most, () -> "with -Dsync.seed=" + seed);
    }
  }

  @Test
  void aTaskThatFailsTakesNoThreadAway() {
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> {});
    CountDownLatch done = new CountDownLatch(1);
    try (Workers workers = new Workers(1, 1)) {
      Executor disk = workers.disk();
      for (int i = 0; i < 10; i++) {
        disk.execute(
            () -> {
              throw new IllegalStateException("as it was told to");
            });
      }
      disk.execute(done::countDown);
      await(done);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void closedItTakesNothing() {
    Workers workers = new Workers(2, 2);
    Executor disk = workers.disk();
    workers.close();
    assertThrows(RejectedExecutionException.class, () -> disk.execute(() -> {}));
  }
}
