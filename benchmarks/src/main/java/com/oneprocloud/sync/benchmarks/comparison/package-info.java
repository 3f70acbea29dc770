// SPDX-License-Identifier: Apache-2.0
/** The library's side of the comparison with other tools. */
@NullMarked
package com.oneprocloud.sync.benchmarks.comparison;

import org.jspecify.annotations.NullMarked;
