// SPDX-License-Identifier: Apache-2.0
/** Keystone: which version it speaks, tokens, their renewal, and the catalog that comes with one. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.identity;

import org.jspecify.annotations.NullMarked;
