// SPDX-License-Identifier: Apache-2.0
/** Taking the snapshots of a point, and removing those that no chain needs any more. */
@NullMarked
package com.oneprocloud.sync.engine.internal.point;

import org.jspecify.annotations.NullMarked;
