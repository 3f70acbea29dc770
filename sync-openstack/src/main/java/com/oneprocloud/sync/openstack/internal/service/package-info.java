// SPDX-License-Identifier: Apache-2.0
/**
 * A service of the cloud: where it is, which versions it speaks, calls with a token, whole listings.
 */
@NullMarked
package com.oneprocloud.sync.openstack.internal.service;

import org.jspecify.annotations.NullMarked;
