// SPDX-License-Identifier: Apache-2.0
/** Putting together what Nova, Cinder and Glance each know. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.inventory;

import org.jspecify.annotations.NullMarked;
