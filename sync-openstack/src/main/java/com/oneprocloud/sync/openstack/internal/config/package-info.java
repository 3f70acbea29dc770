// SPDX-License-Identifier: Apache-2.0
/** Clouds out of {@code clouds.yaml} and the environment, by the conventions of openstacksdk. */
@NullMarked
package com.oneprocloud.sync.openstack.internal.config;

import org.jspecify.annotations.NullMarked;
