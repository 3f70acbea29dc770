// SPDX-License-Identifier: Apache-2.0
/** Plans, runs and verifies the replication of servers. */
@NullMarked
package com.oneprocloud.sync.engine;

import org.jspecify.annotations.NullMarked;
