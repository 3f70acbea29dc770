// SPDX-License-Identifier: Apache-2.0
/** What tests of several modules need to hold the engine to its promises. */
@NullMarked
package com.oneprocloud.sync.engine.tck;

import org.jspecify.annotations.NullMarked;
