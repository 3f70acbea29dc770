// SPDX-License-Identifier: Apache-2.0
/** Settings as an operator writes them. */
@NullMarked
package com.oneprocloud.sync.engine.internal.settings;

import org.jspecify.annotations.NullMarked;
