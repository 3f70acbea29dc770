// SPDX-License-Identifier: Apache-2.0
/** What a run may do with a chain, decided from facts. */
@NullMarked
package com.oneprocloud.sync.engine.internal.plan;

import org.jspecify.annotations.NullMarked;
