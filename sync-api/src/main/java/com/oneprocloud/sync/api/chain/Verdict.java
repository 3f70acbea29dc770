// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** What a run may do with a chain. */
public enum Verdict {
  /** The replica holds a known point and its base can be compared with: move what changed. */
  CONTINUE,
  /**
   * The replica holds a known point but nothing can tell what changed since: compare, and move what
   * differs.
   */
  CHECKSUM_RESYNC,
  /** The replica holds nothing that can be built on: move everything. */
  FULL
}
