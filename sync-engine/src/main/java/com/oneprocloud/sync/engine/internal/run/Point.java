// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** The taking of a point: a snapshot of every disk, all at the same time, all or nothing. */
public final class Point {
  private Point() {}

  /**
   * Takes the snapshots of disks that were begun, and records them.
   *
   * @param disks the disks
   * @param executor where several are taken at a time
   * @return how long it lasted
   * @throws SyncException if one could not be taken; those that were are removed again
   */
  public static Duration take(List<DiskRun> disks, Executor executor) {
    if (disks.isEmpty()) {
      return Duration.ZERO;
    }
    long start = System.nanoTime();
    Map<DiskRun, CompletableFuture<SnapshotRef>> taking = new LinkedHashMap<>();
    for (DiskRun disk : disks) {
      taking.put(disk, CompletableFuture.supplyAsync(disk::takeSnapshot, executor));
    }
    Map<DiskRun, SnapshotRef> taken = new LinkedHashMap<>();
    RuntimeException failure = null;
    for (Map.Entry<DiskRun, CompletableFuture<SnapshotRef>> entry : taking.entrySet()) {
      try {
        taken.put(entry.getKey(), entry.getValue().join());
      } catch (CompletionException e) {
        failure = add(failure, e.getCause() instanceof RuntimeException cause ? cause : e);
      }
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    if (failure == null) {
      taken.forEach(DiskRun::taken);
      return time;
    }
    for (Map.Entry<DiskRun, SnapshotRef> entry : taken.entrySet()) {
      try {
        entry.getKey().removeSnapshot(entry.getValue());
      } catch (SyncException e) {
        failure.addSuppressed(e);
      }
    }
    throw failure;
  }

  private static RuntimeException add(@Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    if (first != next) {
      first.addSuppressed(next);
    }
    return first;
  }
}
