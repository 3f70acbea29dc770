// SPDX-License-Identifier: Apache-2.0
/** Replicas in files, and the record of what they hold. */
@NullMarked
package com.oneprocloud.sync.engine.internal.target;

import org.jspecify.annotations.NullMarked;
