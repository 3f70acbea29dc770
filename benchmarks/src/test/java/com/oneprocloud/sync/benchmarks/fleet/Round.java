// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.SyncRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * All servers of a fleet brought to a new point, asked for at the same time.
 *
 * @param seconds from the first request to the last report
 * @param servers what each server moved, and when it was done
 * @param reports what was done with each disk
 * @param mostThreads threads of the process at their peak, looked at every 50 ms
 * @param mostFiles open files of the process at their peak
 * @param cpu seconds of CPU that the process used
 * @param failures servers that failed, with the reason
 */
record Round(
    double seconds,
    List<Fairness.Done> servers,
    List<DiskReport> reports,
    int mostThreads,
    int mostFiles,
    double cpu,
    List<String> failures) {

  private record Ran(Fairness.Done done, SyncReport report) {}

  /**
   * Runs.
   *
   * @param mode what is wanted of each
   * @param planners threads that plan and submit, one server after the other
   */
  static Round run(
      SyncEngine engine, List<ServerId> servers, Target target, SyncMode mode, int planners)
      throws InterruptedException {
    ExecutorService pool = Executors.newFixedThreadPool(planners);
    ScheduledExecutorService sampler = Executors.newSingleThreadScheduledExecutor();
    AtomicInteger threads = new AtomicInteger();
    AtomicInteger files = new AtomicInteger();
    Usage before = Usage.now();
    try {
      var unused =
          sampler.scheduleWithFixedDelay(
              () -> {
                Usage now = Usage.now();
                threads.accumulateAndGet(now.threads(), Math::max);
                files.accumulateAndGet(now.files(), Math::max);
              },
              0,
              50,
              TimeUnit.MILLISECONDS);
      long start = System.nanoTime();
      List<CompletableFuture<Ran>> runs = new ArrayList<>();
      for (ServerId server : servers) {
        runs.add(
            CompletableFuture.supplyAsync(
                    () -> engine.submit(engine.plan(server, target, mode)), pool)
                .thenCompose(SyncRun::report)
                .thenApply(report -> ran(report, start)));
      }
      List<Fairness.Done> done = new ArrayList<>();
      List<DiskReport> reports = new ArrayList<>();
      List<String> failures = new ArrayList<>();
      for (int i = 0; i < runs.size(); i++) {
        try {
          Ran ran = runs.get(i).get();
          done.add(ran.done());
          reports.addAll(ran.report().disks());
        } catch (ExecutionException e) {
          failures.add(servers.get(i) + ": " + e.getCause());
        }
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      double cpu = (Usage.now().cpu().toMillis() - before.cpu().toMillis()) / 1e3;
      return new Round(seconds, done, reports, threads.get(), files.get(), cpu, failures);
    } finally {
      pool.shutdown();
      sampler.shutdownNow();
      sampler.awaitTermination(1, TimeUnit.MINUTES);
    }
  }

  private static Ran ran(SyncReport report, long start) {
    long bytes = report.disks().stream().mapToLong(DiskReport::bytesRead).sum();
    return new Ran(new Fairness.Done(bytes, (System.nanoTime() - start) / 1e9), report);
  }

  /** Bytes that were read from snapshots to be moved. */
  long bytes() {
    return reports.stream().mapToLong(DiskReport::bytesRead).sum();
  }

  /** Bytes that were moved, a second. */
  double rate() {
    return bytes() / seconds;
  }

  /** What a person should see. */
  void print(String name) {
    System.out.printf(
        Locale.ROOT,
        "%s: %d servers, %d disks in %.2f s (%.1f ms a disk), %.0f MB, %.0f MB/s, %.1f s CPU; at most %d threads, %d files%n",
        name,
        servers.size(),
        reports.size(),
        seconds,
        seconds * 1e3 / Math.max(1, reports.size()),
        bytes() / 1e6,
        rate() / 1e6,
        cpu,
        mostThreads,
        mostFiles);
    if (!servers.isEmpty() && servers.stream().allMatch(it -> it.bytes() > 0)) {
      double[] late = Fairness.lateness(servers);
      System.out.printf(
          Locale.ROOT,
          "  lateness: worst server %.2f, 99 of 100 below %.2f, median %.2f%n",
          late[late.length - 1],
          late[late.length * 99 / 100],
          late[late.length / 2]);
    }
    failures.stream().limit(3).forEach(it -> System.out.println("  FAILED " + it));
    if (!failures.isEmpty()) {
      System.out.println("  FAILED: " + failures.size() + " servers");
    }
  }
}
