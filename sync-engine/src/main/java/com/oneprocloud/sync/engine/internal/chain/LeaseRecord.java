// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.time.Instant;

/** Who holds a lease, and until when. */
record LeaseRecord(long token, String holder, Instant expires) {}
