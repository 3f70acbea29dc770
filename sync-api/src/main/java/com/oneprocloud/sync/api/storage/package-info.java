// SPDX-License-Identifier: Apache-2.0
/** Images of a storage cluster, read-only, and snapshots through a capability of their own. */
@NullMarked
package com.oneprocloud.sync.api.storage;

import org.jspecify.annotations.NullMarked;
