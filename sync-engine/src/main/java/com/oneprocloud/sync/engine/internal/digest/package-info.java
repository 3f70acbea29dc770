// SPDX-License-Identifier: Apache-2.0
/** Records of digests: how they are written, read and laid over each other, run by run. */
@NullMarked
package com.oneprocloud.sync.engine.internal.digest;

import org.jspecify.annotations.NullMarked;
