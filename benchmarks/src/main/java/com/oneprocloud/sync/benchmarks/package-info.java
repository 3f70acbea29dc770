// SPDX-License-Identifier: Apache-2.0
/** Measurements, the lab and the quickstart. */
@NullMarked
package com.oneprocloud.sync.benchmarks;

import org.jspecify.annotations.NullMarked;
