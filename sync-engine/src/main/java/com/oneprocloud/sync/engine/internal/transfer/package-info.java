// SPDX-License-Identifier: Apache-2.0
/** Moving extents from a snapshot to a replica in bounded memory. */
@NullMarked
package com.oneprocloud.sync.engine.internal.transfer;

import org.jspecify.annotations.NullMarked;
