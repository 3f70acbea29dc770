// SPDX-License-Identifier: Apache-2.0
/** Finds by digests which blocks of a replica are not what the snapshot holds. */
@NullMarked
package com.oneprocloud.sync.engine.internal.verify;

import org.jspecify.annotations.NullMarked;
