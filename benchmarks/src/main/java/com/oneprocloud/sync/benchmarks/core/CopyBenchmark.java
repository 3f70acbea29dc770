// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.engine.internal.transfer.CopyStage;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Looking for zeros in an object of 4 MiB that was read. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CopyBenchmark {
  private static final int OBJECT = 4 << 20;

  /** What the object holds. */
  @Param({"dense", "zero", "mixed"})
  public String content = "dense";

  private final ByteBuffer data = ByteBuffer.allocateDirect(OBJECT);
  private final CopyStage stage = new CopyStage(new NullReplica(), true);

  /** Data, zeros, or runs of both of 64 KiB. */
  @Setup
  public void fill() {
    SplittableRandom random = new SplittableRandom(1);
    for (int at = 0; at < OBJECT; at += Long.BYTES) {
      boolean hole = content.equals("zero") || (content.equals("mixed") && (at >> 16) % 2 == 0);
      data.putLong(at, hole ? 0 : random.nextLong());
    }
  }

  /** The stage without a target. */
  @Benchmark
  public long object() {
    stage.data(0, data);
    return stage.bytesWritten();
  }
}
