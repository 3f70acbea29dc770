// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** How far a replica is held against the snapshot before its point is committed. */
public enum Verification {
  /** Not at all. */
  NONE,
  /** What the run wrote is read back and compared with the source, byte by byte. */
  CHANGED,
  /** Every byte of the replica is compared with the source. */
  ALL
}
