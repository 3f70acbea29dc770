// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.XxHash64;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Digests of 32 MiB of off-heap memory, block by block of 64 KiB, and what it costs to copy it. An
 * operation is a MiB, so a figure of N a millisecond is 1.05 N GB/s.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class DigestBenchmark {
  private static final int MIB = 32;
  private static final int BYTES = MIB << 20;
  private static final int BLOCK = BlockDigests.BLOCK;

  private final ByteBuffer data = ByteBuffer.allocateDirect(BYTES);
  private final ByteBuffer copy = ByteBuffer.allocateDirect(BYTES);
  private final byte[] heap = new byte[BYTES];
  private final MessageDigest sha256 = digest();

  /** Fills the memory with noise. */
  @Setup
  public void fill() {
    new SplittableRandom(1).nextBytes(heap);
    data.put(0, heap);
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What is moved between heap and off-heap memory by the cluster in memory. */
  @Benchmark
  @OperationsPerInvocation(MIB)
  public ByteBuffer copyFromHeap() {
    return copy.put(0, heap);
  }

  /** The digest that OSDs know. */
  @Benchmark
  @OperationsPerInvocation(MIB)
  public long xxHash64() {
    long all = 0;
    for (int at = 0; at < BYTES; at += BLOCK) {
      all ^= XxHash64.of(data, at, BLOCK);
    }
    return all;
  }

  /** The JDK's CRC-32C. */
  @Benchmark
  @OperationsPerInvocation(MIB)
  public long crc32c() {
    long all = 0;
    for (int at = 0; at < BYTES; at += BLOCK) {
      CRC32C crc = new CRC32C();
      crc.update(data.slice(at, BLOCK));
      all ^= crc.getValue();
    }
    return all;
  }

  /** The JDK's SHA-256. */
  @Benchmark
  @OperationsPerInvocation(MIB)
  public int sha256() {
    int all = 0;
    for (int at = 0; at < BYTES; at += BLOCK) {
      sha256.update(data.slice(at, BLOCK));
      all ^= sha256.digest()[0];
    }
    return all;
  }
}
