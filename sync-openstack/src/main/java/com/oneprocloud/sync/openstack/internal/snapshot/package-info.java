// SPDX-License-Identifier: Apache-2.0
/** Cinder snapshots of whole points: taken together, waited for, removed. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.snapshot;

import org.jspecify.annotations.NullMarked;
