// SPDX-License-Identifier: Apache-2.0
/**
 * The main job for somebody who sees it for the first time: on a cluster in memory, or on a real image.
 */
@NullMarked
package com.oneprocloud.sync.benchmarks.quickstart;

import org.jspecify.annotations.NullMarked;
