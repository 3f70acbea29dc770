// SPDX-License-Identifier: Apache-2.0
/** The durable record of what a target holds: manifests, chains and the store that keeps them. */
@NullMarked
package com.oneprocloud.sync.api.chain;

import org.jspecify.annotations.NullMarked;
