// SPDX-License-Identifier: Apache-2.0
/** The inventory of an OpenStack cloud, read over its HTTP API. */
@NullMarked
package com.oneprocloud.sync.openstack;

import org.jspecify.annotations.NullMarked;
