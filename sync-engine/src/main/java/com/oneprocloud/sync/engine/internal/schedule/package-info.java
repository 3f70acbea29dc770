// SPDX-License-Identifier: Apache-2.0
/** Whose turn it is: which disk is driven next, and when it may read. */
@NullMarked
package com.oneprocloud.sync.engine.internal.schedule;

import org.jspecify.annotations.NullMarked;
