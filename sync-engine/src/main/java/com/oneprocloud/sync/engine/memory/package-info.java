// SPDX-License-Identifier: Apache-2.0
/**
 * A storage cluster in memory, for tests and for trying the SDK out with no Ceph at hand.
 *
 * <p>It models what RADOS and librbd do, not just what they promise: images are cut into objects,
 * every object keeps a clone per snapshot with the overlap between neighbours, and diffs are worked
 * out from those records. A diff may therefore hold more than what differs, as Ceph's may.
 *
 * <p>{@link com.oneprocloud.sync.engine.memory.MemoryCluster} is the entry.
 */
@NullMarked
package com.oneprocloud.sync.engine.memory;

import org.jspecify.annotations.NullMarked;
