// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * How far a disk is within a phase.
 *
 * @param phase the phase
 * @param offset everything below this offset is done
 * @param size bytes of the disk
 * @param bytesMoved bytes read from the source in this phase so far
 */
public record DiskProgress(SyncListener.Phase phase, long offset, long size, long bytesMoved) {
  /** The part of the disk that is done, 0 to 1. */
  public double fraction() {
    return size == 0 ? 1 : (double) offset / size;
  }
}
