// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/** From how exact a moment the disks of a point are. */
public enum Consistency {
  /**
   * The cloud was to have the guest flush and stop writing for the time of the snapshots. Clouds do
   * not tell whether the guest obeyed; if it did not, as {@link #CRASH_CONSISTENT_PER_DISK}.
   */
  QUIESCED,
  /** All disks are from one moment, as after a power failure. */
  CRASH_CONSISTENT,
  /** Each disk is crash-consistent, but the disks are from slightly different moments. */
  CRASH_CONSISTENT_PER_DISK
}
