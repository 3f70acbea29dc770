// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** How it is found out what changed between a base and a snapshot. */
public enum DiffMethod {
  /**
   * The object maps of base, snapshot and all snapshots between tell which objects changed; what
   * changed inside those is asked of the storage. Costs nothing for the objects that did not
   * change, and is right only if the clients that write to the image keep its maps right.
   */
  FAST,
  /** The storage is asked about every object of the image. */
  PRECISE,
  /** There is nothing to compare the snapshot with: its data is compared with the replica's. */
  CHECKSUM;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
