// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.comparison;

import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.benchmarks.core.NullReplica;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.internal.diff.DiffSelection;
import com.oneprocloud.sync.engine.internal.diff.DiffStream;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.target.FileReplica;
import com.oneprocloud.sync.engine.internal.target.ReplicaRecord;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import com.oneprocloud.sync.engine.internal.transfer.CopyStage;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/**
 * The data path of a run between two snapshots that exist: opens the image, diffs, reads, writes,
 * flushes. What a run does besides (plan, snapshot, chain, verification) the other tools do not do.
 */
final class Transfer implements AutoCloseable {
  private final StorageCluster cluster;
  private final EngineSettings settings = EngineSettings.defaults();
  private final BufferPool buffers =
      new BufferPool(settings.bytesInFlight(), settings.parallelDisks());
  private final ExecutorService workers = Executors.newFixedThreadPool(settings.workers());
  private final ExecutorService calls = Executors.newFixedThreadPool(settings.parallelDisks() * 2);

  Transfer(StorageCluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Moves what changed.
   *
   * @param image the image
   * @param from the older snapshot's name, or null for everything
   * @param to the newer snapshot's name
   * @param file a raw file, or null for nowhere
   */
  Moved move(ImageSpec image, @Nullable String from, String to, @Nullable Path file)
      throws InterruptedException {
    long start = System.nanoTime();
    try (Image source = cluster.open(image);
        Replica replica = replica(file);
        SnapshotReader reader = source.at(snapshot(source, to))) {
      boolean full = from == null;
      Snapshot base = from == null ? null : snapshot(source, from);
      boolean zeroed = full && replica.clear(reader.size());
      CopyStage copy = new CopyStage(replica, zeroed);
      Pipeline pipeline =
          new Pipeline(reader, buffers.allotment(), workers, settings.requestsInFlight(), 0, copy);
      try (RangeSource diff =
          new DiffStream(
              reader,
              base,
              DiffSelection.of(source, reader, base, settings.fastDiff(), MapTrust.UNUSED, 0)
                  .candidates(),
              Extents.none(),
              full && !zeroed,
              calls)) {
        pipeline.run(diff, done -> {});
      }
      replica.flush();
      return new Moved((System.nanoTime() - start) / 1e9, pipeline.extents(), pipeline.bytesRead());
    }
  }

  @Override
  public void close() {
    workers.shutdown();
    calls.shutdown();
  }

  private static Replica replica(@Nullable Path file) {
    return file == null
        ? new NullReplica()
        : FileReplica.open(
            file,
            false,
            new ReplicaRecord(file.resolveSibling(file.getFileName() + ".json"), file, false));
  }

  private static Snapshot snapshot(Image image, String name) {
    return image.snapshots().stream()
        .filter(it -> it.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no snapshot " + name));
  }

  /**
   * What was moved.
   *
   * @param seconds from opening the image to the last flush
   * @param extents extents of the diff
   * @param bytes bytes read
   */
  record Moved(double seconds, long extents, long bytes) {}
}
