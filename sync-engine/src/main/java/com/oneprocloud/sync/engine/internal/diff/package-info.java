// SPDX-License-Identifier: Apache-2.0
/** From two snapshots to a stream of extents. */
@NullMarked
package com.oneprocloud.sync.engine.internal.diff;

import org.jspecify.annotations.NullMarked;
