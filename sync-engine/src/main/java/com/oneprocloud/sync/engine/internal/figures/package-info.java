// SPDX-License-Identifier: Apache-2.0
/** Counts and times what an engine does. */
@NullMarked
package com.oneprocloud.sync.engine.internal.figures;

import org.jspecify.annotations.NullMarked;
