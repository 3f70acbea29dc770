// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.storage.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Completes reads once it is known that their snapshot was still there when they ended: what is
 * read at one that was removed is of other points. Thread-safe.
 */
final class Confirmations {
  private final SnapshotRecords records;
  private final Snapshot snapshot;

  /** What finishes the reads whose bytes are there. Guarded by this. */
  private List<Consumer<@Nullable Throwable>> unconfirmed = new ArrayList<>();

  /** Guarded by this. */
  private boolean confirming;

  /** Reads whose bytes are not there yet. Guarded by this. */
  private int underWay;

  /** Confirmations of a snapshot. */
  Confirmations(SnapshotRecords records, Snapshot snapshot) {
    this.records = records;
    this.snapshot = snapshot;
  }

  /** Takes note of a read, whose end will be told by {@link #ended}. */
  synchronized void begin() {
    underWay++;
  }

  /**
   * Takes a read that has ended, and completes those whose bytes are there once the snapshot is
   * known to be there still. One question for many reads: it is asked when as many wait for the
   * answer as are still under way, so a read waits for others at most as long as these take, and
   * never if it is alone.
   *
   * @param finish takes the failure, or null; null itself if the read failed
   */
  void ended(@Nullable Consumer<@Nullable Throwable> finish) {
    synchronized (this) {
      underWay--;
      if (finish != null) {
        unconfirmed.add(finish);
      }
    }
    confirmNext(false);
  }

  private void confirmNext(boolean answered) {
    List<Consumer<@Nullable Throwable>> arrived;
    synchronized (this) {
      confirming &= !answered;
      if (confirming || unconfirmed.isEmpty() || unconfirmed.size() < underWay) {
        return;
      }
      confirming = true;
      arrived = unconfirmed;
      unconfirmed = new ArrayList<>();
    }
    CompletableFuture<Void> unused =
        records
            .confirm(List.of(snapshot))
            .whenComplete(
                (done, failure) -> {
                  Throwable cause = failure == null ? null : SnapshotRecords.cause(failure);
                  // Before the futures, whose dependent stages can take a while.
                  confirmNext(true);
                  arrived.forEach(finish -> finish.accept(cause));
                });
  }
}
