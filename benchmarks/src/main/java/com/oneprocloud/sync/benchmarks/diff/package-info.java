// SPDX-License-Identifier: Apache-2.0
/** The engine's side of the comparison of diffs. */
@NullMarked
package com.oneprocloud.sync.benchmarks.diff;

import org.jspecify.annotations.NullMarked;
