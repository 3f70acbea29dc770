// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.storage.ObjectMap;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Decoding the object map of an image of 1 TiB. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ObjectMapBenchmark {
  private static final int OBJECTS = 1 << 18;

  private final byte[] states = new byte[OBJECTS / 4];

  /** Any states. */
  @Setup
  public void fill() {
    new SplittableRandom(1).nextBytes(states);
  }

  /** One map. */
  @Benchmark
  public ObjectMap decode() {
    return ObjectMap.of(OBJECTS, true, states);
  }
}
