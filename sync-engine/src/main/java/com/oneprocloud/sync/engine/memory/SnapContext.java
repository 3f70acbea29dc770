// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * What a write tells an object about the snapshots of its image.
 *
 * @param seq the highest id that the image ever gave to a snapshot
 * @param snapshots the ids of the snapshots that exist
 */
record SnapContext(long seq, NavigableSet<Long> snapshots) {
  /** Of a write that counts as made before every snapshot: the copy-up of parent data. */
  static SnapContext beforeAll() {
    return new SnapContext(0, new TreeSet<>());
  }
}
