// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** What the caller wants of a run, beyond a new point. */
public enum SyncMode {
  /** The least that is certain to be right. */
  AUTO,
  /**
   * Compare the whole replica with the source and move what differs; gives up a run that was cut
   * short.
   */
  RESYNC,
  /** Move everything; forgets what the replica holds. */
  FULL
}
