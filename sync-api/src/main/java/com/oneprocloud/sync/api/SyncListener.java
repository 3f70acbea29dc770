// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * Hears how a run goes on.
 *
 * <p>Order: {@link #runWaiting}, then {@link #runStarted}, then for each disk {@link #phaseStarted}
 * and {@link #progressed} any number of times and in the end {@link #diskCommitted} or {@link
 * #diskFailed}, then {@link #runEnded}. A run that is cancelled before it began says nothing after
 * {@link #runWaiting}; one that is resumed after a pause starts and ends again. Calls of one run
 * never overlap, but come from several threads. But for {@link #runWaiting}, they are made from
 * threads that move data: return at once, take no lock that is held elsewhere for long, do not call
 * the engine. An exception is logged and otherwise ignored.
 */
public interface SyncListener {
  /** A listener that does nothing. */
  SyncListener NONE = new SyncListener() {};

  /**
   * A run was asked for and begins when it is its turn, at once perhaps. Called by the thread that
   * asks for it.
   */
  default void runWaiting(SyncPlan plan) {}

  /** A run begins. */
  default void runStarted(SyncPlan plan) {}

  /** A disk enters a phase. */
  default void phaseStarted(DiskPlan disk, Phase phase) {}

  /**
   * A disk went on within its phase. Called at most about ten times a second for a disk.
   *
   * @param disk the disk
   * @param progress how far it is
   */
  default void progressed(DiskPlan disk, DiskProgress progress) {}

  /** A disk's point was committed. */
  default void diskCommitted(DiskReport report) {}

  /** A disk was given up in this run; its replica can be taken up by the next one. */
  default void diskFailed(DiskPlan disk, Throwable cause) {}

  /** The run is over, well or not. */
  default void runEnded(SyncPlan plan) {}

  /** What is being done with a disk. */
  enum Phase {
    /** Its snapshot is taken. */
    SNAPSHOT,
    /** What changed is worked out and moved. */
    TRANSFER,
    /** The replica is compared with the source. */
    VERIFY,
    /** The point is recorded, and old snapshots are removed. */
    COMMIT
  }
}
