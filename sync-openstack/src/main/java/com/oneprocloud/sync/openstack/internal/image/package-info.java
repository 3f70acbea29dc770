// SPDX-License-Identifier: Apache-2.0
/** Glance: images. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.image;

import org.jspecify.annotations.NullMarked;
