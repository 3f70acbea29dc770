// SPDX-License-Identifier: Apache-2.0
/** Reading JSON that differs from release to release: nothing unknown or missing is an error. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.json;

import org.jspecify.annotations.NullMarked;
