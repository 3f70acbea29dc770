// SPDX-License-Identifier: Apache-2.0
/** Where replicas are kept. */
@NullMarked
package com.oneprocloud.sync.api.target;

import org.jspecify.annotations.NullMarked;
