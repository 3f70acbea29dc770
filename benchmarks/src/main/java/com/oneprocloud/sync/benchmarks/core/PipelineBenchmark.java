// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.internal.diff.Candidates;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import com.oneprocloud.sync.engine.internal.transfer.CopyStage;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The pipeline from a dense image of the cluster in memory to nowhere: diff, reads, memory, zero
 * scan, hand-over. An operation is a MiB, so a figure of N a millisecond is 1.05 N GB/s.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PipelineBenchmark {
  private static final int IMAGE_MIB = 256;

  private final EngineSettings settings = EngineSettings.defaults();
  private final MemoryCluster cluster = MemoryCluster.builder().pools("volumes").threads(2).build();
  private final BufferPool buffers =
      new BufferPool(settings.bytesInFlight(), settings.parallelDisks());
  private final ExecutorService workers = Executors.newFixedThreadPool(settings.workers());
  private final ExecutorService calls = Executors.newFixedThreadPool(2);
  private final Image image;
  private final SnapshotReader reader;
  private final SnapshotReader uncopied;
  private final byte[][] content = new byte[IMAGE_MIB][1 << 20];
  private final ByteBuffer copy = ByteBuffer.allocateDirect(settings.bytesInFlight());

  /** Writes the image. */
  public PipelineBenchmark() {
    ImageSpec spec = ImageSpec.parse("volumes/dense");
    MemoryDisk disk = cluster.createDisk(spec, (long) IMAGE_MIB << 20);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < IMAGE_MIB; i++) {
      random.nextBytes(content[i]);
      disk.write((long) i << 20, content[i]);
    }
    image = cluster.open(spec);
    reader = image.at(disk.snapshot("point"));
    uncopied = new UncopiedReader(reader, calls);
  }

  /** Ends the threads. */
  @TearDown
  public void close() {
    reader.close();
    image.close();
    cluster.close();
    workers.shutdown();
    calls.shutdown();
  }

  /** A full pass. */
  @Benchmark
  @OperationsPerInvocation(IMAGE_MIB)
  public long full() throws InterruptedException {
    return pass(reader);
  }

  /** The same without the cluster's copy of the data: what the pipeline itself costs. */
  @Benchmark
  @OperationsPerInvocation(IMAGE_MIB)
  public long withoutCopy() throws InterruptedException {
    return pass(uncopied);
  }

  /** The cluster's copy alone, by as many threads: what {@link #full} can come to. */
  @Benchmark
  @OperationsPerInvocation(IMAGE_MIB)
  public void copyAlone() throws InterruptedException {
    CountDownLatch done = new CountDownLatch(2);
    for (int i = 0; i < 2; i++) {
      int half = i;
      workers.execute(
          () -> {
            for (int at = half; at < IMAGE_MIB; at += 2) {
              // as many bytes of memory as are in flight
              copy.put((at << 20) % settings.bytesInFlight(), content[at]);
            }
            done.countDown();
          });
    }
    done.await();
  }

  private long pass(SnapshotReader reader) throws InterruptedException {
    Pipeline pipeline =
        new Pipeline(
            reader,
            buffers.allotment(),
            workers,
            settings.requestsInFlight(),
            0,
            new CopyStage(new NullReplica(), true));
    Candidates all = Candidates.all(reader.size(), reader.layout());
    try (RangeSource diff = new DiffStream(reader, null, all, Extents.none(), false, calls)) {
      pipeline.run(diff, done -> {});
    }
    return pipeline.bytesRead();
  }
}
