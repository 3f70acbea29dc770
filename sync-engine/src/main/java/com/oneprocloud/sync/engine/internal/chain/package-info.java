// SPDX-License-Identifier: Apache-2.0
/** Chains on disk: the form of a manifest's record, and files that survive a crash. */
@NullMarked
package com.oneprocloud.sync.engine.internal.chain;

import org.jspecify.annotations.NullMarked;
