// SPDX-License-Identifier: Apache-2.0
/** An engine's figures for Micrometer; the one package that needs it, and only if it is used. */
@NullMarked
package com.oneprocloud.sync.engine.micrometer;

import org.jspecify.annotations.NullMarked;
