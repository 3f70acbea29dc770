// SPDX-License-Identifier: Apache-2.0
/** One disk's way through a run. */
@NullMarked
package com.oneprocloud.sync.engine.internal.run;

import org.jspecify.annotations.NullMarked;
