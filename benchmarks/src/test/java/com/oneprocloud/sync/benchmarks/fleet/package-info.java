// SPDX-License-Identifier: Apache-2.0
/** Many servers at once on one engine. */
@NullMarked
package com.oneprocloud.sync.benchmarks.fleet;

import org.jspecify.annotations.NullMarked;
