// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

/**
 * A bug of some releases of Ceph that makes a diff miss changes or a read go wrong, to be switched
 * on in a {@link MemoryCluster}. Numbers are those of Ceph's issue tracker.
 *
 * <p>Two flaws of fast-diff are in all releases known, and so are always on: after a rollback, and
 * after an image was shrunk, a snapshot taken, and the image grown again, {@link
 * MemoryDisk#fastDiff} misses changes.
 */
public enum KnownBug {
  /**
   * The map of a snapshot taken while the server writes shows the object of the last write as it
   * was before (61616, 61472): fast-diff misses it.
   */
  STALE_MAP_UNDER_WRITES,
  /**
   * A copy-up of parent data does not enter the object into the maps of older snapshots (39435):
   * once the object is gone again, fast-diff misses that.
   */
  COPY_UP_NOT_IN_MAPS,
  /**
   * Only the base's map is asked whether it is valid: fast-diff trusts a bad map (until Nautilus).
   */
  VALIDITY_OF_BASE_ONLY,
  /** Fast-diff from nothing leaves out what a parent shows (42248, 53787). */
  FAST_DIFF_WITHOUT_PARENT,
  /** Fast-diff leaves out unmodified objects beyond the base's size. */
  CLEAN_OBJECTS_OF_GROWTH,
  /** Fast-diff leaves out objects whose removal was under way. */
  PENDING_OBJECTS,
  /** Fast-diff reports an object's number times its size as offset, striped or not (53784). */
  FAST_DIFF_OF_STRIPES,
  /** Fast-diff skips a snapshot whose map is missing (48526). */
  MISSING_MAP_SKIPPED,
  /**
   * Overlaps are not kept up to date, as with a cache tier that evicted a clone (20896): the exact
   * diff misses writes too.
   */
  OVERLAP_LOST,
  /** Discards that cut an object's end are not recorded (63770): the exact diff misses them. */
  CUT_NOT_RECORDED,
  /**
   * Reading a snapshot that was removed after it had been opened gives zeros instead of an error.
   */
  REMOVED_SNAPSHOT_READS_ZEROS
}
