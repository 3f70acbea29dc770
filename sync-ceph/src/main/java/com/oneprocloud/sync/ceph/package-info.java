// SPDX-License-Identifier: Apache-2.0
/** Images, snapshots, diffs and reads from a Ceph cluster. */
@NullMarked
package com.oneprocloud.sync.ceph;

import org.jspecify.annotations.NullMarked;
