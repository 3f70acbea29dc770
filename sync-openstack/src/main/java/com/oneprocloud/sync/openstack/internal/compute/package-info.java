// SPDX-License-Identifier: Apache-2.0
/** Nova: servers, flavors, images made of servers. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.compute;

import org.jspecify.annotations.NullMarked;
