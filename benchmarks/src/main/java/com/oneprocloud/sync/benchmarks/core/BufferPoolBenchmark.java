// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/** Taking a buffer and giving it back. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BufferPoolBenchmark {
  private final BufferPool pool = new BufferPool(32 << 20);

  /** Bytes of a buffer. */
  @Param({"16384", "2097152"})
  public int bytes = 16384;

  /** One thread. */
  @Benchmark
  public int alone() throws InterruptedException {
    return takeAndGiveBack();
  }

  /** Two threads at once. */
  @Benchmark
  @Threads(2)
  public int together() throws InterruptedException {
    return takeAndGiveBack();
  }

  private int takeAndGiveBack() throws InterruptedException {
    try (BufferPool.Buffer buffer = pool.take(bytes)) {
      return buffer.bytes().limit();
    }
  }
}
