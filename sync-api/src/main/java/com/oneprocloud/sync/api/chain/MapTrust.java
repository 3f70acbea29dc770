// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** What a replica rests on object maps of its image for, and whether that is allowed any more. */
public enum MapTrust {
  /** All that the replica holds was found, or compared, without them. */
  UNUSED,
  /** Since the last time that all of the replica was compared, they told what had changed. */
  USED,
  /**
   * They were wrong once, and are not used for this image until a person asks for {@link
   * SyncMode#RESYNC} or {@link SyncMode#FULL}.
   */
  QUARANTINED
}
