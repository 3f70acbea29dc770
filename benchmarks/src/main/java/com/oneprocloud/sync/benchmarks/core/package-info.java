// SPDX-License-Identifier: Apache-2.0
/** JMH benchmarks of the engine's parts. */
@NullMarked
package com.oneprocloud.sync.benchmarks.core;

import org.jspecify.annotations.NullMarked;
