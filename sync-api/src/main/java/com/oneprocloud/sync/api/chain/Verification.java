// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/**
 * How far a replica is held against the snapshot before its point is committed. The replica is
 * read; the source is digested where its data is ({@link
 * com.oneprocloud.sync.api.storage.SnapshotReader#digests}) and read only where digests differ, or
 * read and compared byte by byte where the storage works out no digests or the settings forbid
 * them.
 */
public enum Verification {
  /** Not at all. */
  NONE,
  /** What the run wrote is read back and compared with the source. */
  CHANGED,
  /**
   * What the run wrote, and of what it did not write one share in turn, so that as many committed
   * runs as there are shares compare all of the replica. If something differs that the run had no
   * reason to write, the run goes on as a {@link Verdict#CHECKSUM_RESYNC}.
   */
  ROTATING,
  /**
   * All of the replica is compared with the source. If something differs that the run had no reason
   * to write, the run goes on as a {@link Verdict#CHECKSUM_RESYNC}.
   */
  ALL
}
