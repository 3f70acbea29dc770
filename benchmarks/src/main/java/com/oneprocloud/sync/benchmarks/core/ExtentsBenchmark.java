// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.storage.Extents;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Sorting and merging extents, for each extent. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ExtentsBenchmark {
  private static final int COUNT = 1 << 16;

  private final long[] sorted = new long[COUNT];
  private final long[] shuffled = new long[COUNT];

  /** Extents of 4 KiB, a third of them touching. */
  @Setup
  public void fill() {
    SplittableRandom random = new SplittableRandom(1);
    long at = 0;
    for (int i = 0; i < COUNT; i++) {
      sorted[i] = at;
      shuffled[i] = at;
      at += random.nextInt(3) == 0 ? 4096 : 16 << 10;
    }
    for (int i = COUNT - 1; i > 0; i--) {
      int other = random.nextInt(i + 1);
      long swap = shuffled[i];
      shuffled[i] = shuffled[other];
      shuffled[other] = swap;
    }
  }

  /** As librbd tells them. */
  @Benchmark
  @OperationsPerInvocation(COUNT)
  public Extents inOrder() {
    return merge(sorted);
  }

  /** In any order. */
  @Benchmark
  @OperationsPerInvocation(COUNT)
  public Extents inDisorder() {
    return merge(shuffled);
  }

  private static Extents merge(long[] offsets) {
    Extents.Builder builder = Extents.builder();
    for (long offset : offsets) {
      builder.add(offset, 4096, false);
    }
    return builder.build();
  }
}
