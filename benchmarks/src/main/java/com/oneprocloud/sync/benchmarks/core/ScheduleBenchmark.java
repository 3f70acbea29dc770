// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.internal.schedule.DiskQueue;
import com.oneprocloud.sync.engine.internal.schedule.Lane;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What scheduling costs where nothing limits: for each read, and for each disk among many. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ScheduleBenchmark {
  /** Servers that wait with one disk each. */
  @Param({"10", "1000"})
  public int servers = 10;

  private final Pace.Disk disk = Pace.unlimited();
  private DiskQueue<Integer> queue = queue();
  private int waiting;

  private static DiskQueue<Integer> queue() {
    return new DiskQueue<>(4, Limits.none(), InstantSource.system());
  }

  /** Before each read, without a rate, a pause and adaptive mode. */
  @Benchmark
  public void pace() throws InterruptedException {
    disk.before(4 << 20, () -> {}, () -> false);
  }

  /** A disk's way through a queue in which all servers have one waiting. */
  @Benchmark
  public int queued() {
    if (waiting < servers) {
      queue = queue();
      for (waiting = 0; waiting < servers; waiting++) {
        queue.add(new Lane("server-" + waiting, "vms"), Instant.MAX, waiting);
      }
    }
    DiskQueue.Entry<Integer> next = queue.next().orElseThrow();
    queue.done(next.lane());
    queue.add(next.lane(), next.deadline(), next.what());
    return next.what();
  }
}
