// SPDX-License-Identifier: Apache-2.0
/**
 * Connections, images, readers and snapshots, on top of {@code internal.library}.
 *
 * <p>A handle of the native side belongs to one object, whose {@code Lifetime} counts who is using it: calls under way, reads in flight,
 * objects opened from it. It is let go of when its object is closed and nobody uses it any more, so children go before parents, and a
 * handle on which the library is stuck is kept until the library comes back.
 *
 * <p>Threads: callers' threads never enter the libraries for anything that blocks; {@code NativeCalls} has daemon threads for that and
 * gives up waiting at a deadline. The libraries' own threads only put completions into a queue ({@code Completions}); one thread per
 * connection takes them out and completes futures.
 */
@NullMarked
package com.oneprocloud.sync.ceph.internal;

import org.jspecify.annotations.NullMarked;
