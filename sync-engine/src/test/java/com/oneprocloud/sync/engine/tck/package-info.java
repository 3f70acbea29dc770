// SPDX-License-Identifier: Apache-2.0
/** The contract of whole runs, whatever the storage. */
@NullMarked
package com.oneprocloud.sync.engine.tck;

import org.jspecify.annotations.NullMarked;
