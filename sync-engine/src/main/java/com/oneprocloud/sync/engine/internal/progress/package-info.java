// SPDX-License-Identifier: Apache-2.0
/** What the progress of a run looks like to a person. */
@NullMarked
package com.oneprocloud.sync.engine.internal.progress;

import org.jspecify.annotations.NullMarked;
