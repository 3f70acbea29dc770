// SPDX-License-Identifier: Apache-2.0
/** The words of block replication: servers, disks, images, extents, diffs, points and chains. */
@NullMarked
package com.oneprocloud.sync.api;

import org.jspecify.annotations.NullMarked;
