// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.Lease;
import com.oneprocloud.sync.api.chain.OpenRun;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.benchmarks.Folders;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** Recording progress of a run in a directory below the working directory, every 8 MiB or 3 s. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class JournalBenchmark {
  /** Whether it is on the disk on return. */
  @Param({"false", "true"})
  public boolean durable = false;

  private final Path folder = folder();
  private final ChainStore chains = DirectoryChainStore.at(folder);
  private final Lease lease;
  private long written;

  /** Opens a run. */
  public JournalBenchmark() {
    ChainId chain = new ChainId(new ReplicaName("server", "disk"), "target");
    lease = chains.acquire(chain, "benchmark", Duration.ofHours(1));
    chains.open(
        lease,
        new OpenRun(
            chain,
            new RunId("0".repeat(32)),
            Instant.now(),
            ImageSpec.parse("volumes/image"),
            new ImageIdentity("cluster", 1, "", "id"),
            "snapshot",
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Verdict.FULL,
            VerdictReason.FIRST_POINT));
  }

  private static Path folder() {
    try {
      return Files.createTempDirectory(Path.of("").toAbsolutePath(), "journal-benchmark-");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Removes the directory. */
  @TearDown
  public void close() throws IOException {
    Folders.remove(folder);
  }

  /** One record. */
  @Benchmark
  public void progress() {
    written += 8 << 20;
    chains.progress(lease, new RunProgress(written, 0, "boot"), durable);
  }
}
