// SPDX-License-Identifier: Apache-2.0
/** Cinder: volumes, snapshots, attachments, pools, quotas. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.block;

import org.jspecify.annotations.NullMarked;
