// SPDX-License-Identifier: Apache-2.0
/**
 * One HTTP call done well: TLS, redirects by hand, retries, deadlines, faults read from whatever a
 * service answers. Knows nothing of tokens or catalogs.
 */
@NullMarked
package com.oneprocloud.sync.openstack.internal.http;

import org.jspecify.annotations.NullMarked;
