// SPDX-License-Identifier: Apache-2.0
/** Targets that keep replicas in files and on block devices. */
@NullMarked
package com.oneprocloud.sync.engine.target;

import org.jspecify.annotations.NullMarked;
