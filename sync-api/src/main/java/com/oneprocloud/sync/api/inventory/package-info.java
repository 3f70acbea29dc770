// SPDX-License-Identifier: Apache-2.0
/** What a cloud tells of its servers and their disks. */
@NullMarked
package com.oneprocloud.sync.api.inventory;

import org.jspecify.annotations.NullMarked;
