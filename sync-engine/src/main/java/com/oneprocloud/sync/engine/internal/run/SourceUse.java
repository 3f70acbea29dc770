// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.RangeSource;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import com.oneprocloud.sync.engine.internal.verify.DifferingBlocks;
import com.oneprocloud.sync.engine.internal.verify.Suspects;

/**
 * Runs pipelines over a snapshot, and sums up what they take from it: one pass, and a second one if
 * digests were contradicted. All of them go at the disk's pace. Not thread-safe.
 */
final class SourceUse {
  private final OpenDisk disk;
  private final SnapshotReader reader;
  private long bytesRead;
  private long bytesDigested;
  private long bytesEqual;

  /** Nothing taken from the snapshot yet. */
  SourceUse(OpenDisk disk, SnapshotReader reader) {
    this.disk = disk;
    this.reader = reader;
  }

  /** A pipeline for one pass, in the engine's memory and threads. */
  Pipeline pipeline(long start, Pipeline.Stage stage) {
    RunResources resources = disk.resources();
    return new Pipeline(
        reader,
        disk.memory(),
        disk.workers(),
        resources.settings.requestsInFlight(),
        disk.pace(),
        start,
        stage,
        resources.meter);
  }

  /** Carries all of a source, and closes it. */
  void run(Pipeline pipeline, RangeSource source, Pipeline.Checkpoint checkpoint)
      throws InterruptedException {
    bytesEqual = 0;
    try (source) {
      pipeline.run(source, checkpoint);
    } finally {
      bytesRead += pipeline.bytesRead();
    }
  }

  /**
   * The same without the blocks whose digests say that the replica holds them.
   *
   * @param start where the pipeline starts
   * @param held what the replica holds
   * @param suspects is told what is carried because of its digests
   */
  void runDifferingBlocks(
      Pipeline pipeline,
      RangeSource source,
      Pipeline.Checkpoint checkpoint,
      long start,
      Held held,
      Suspects suspects)
      throws InterruptedException {
    RunResources resources = disk.resources();
    DifferingBlocks.Means means =
        new DifferingBlocks.Means(
            disk.memory(),
            disk.workers(),
            resources.settings.requestsInFlight(),
            disk.pace(),
            pipeline::failed,
            resources.meter);
    try (source) {
      DifferingBlocks differing = new DifferingBlocks(source, reader, held, start, suspects, means);
      try {
        run(pipeline, differing, checkpoint);
        bytesEqual = differing.bytesEqual();
      } finally {
        bytesRead += differing.bytesRead();
        bytesDigested += differing.bytesDigested();
      }
    }
  }

  /** Bytes read from the snapshot. */
  long bytesRead() {
    return bytesRead;
  }

  /** Bytes of the snapshot that the storage digested. */
  long bytesDigested() {
    return bytesDigested;
  }

  /** Bytes that the last pass left out because their digests are equal. */
  long bytesEqual() {
    return bytesEqual;
  }
}
