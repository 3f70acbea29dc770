// SPDX-License-Identifier: Apache-2.0
/** Where the image of a disk lives: volume type to pool. */
@NullMarked
package com.oneprocloud.sync.api.mapping;

import org.jspecify.annotations.NullMarked;
