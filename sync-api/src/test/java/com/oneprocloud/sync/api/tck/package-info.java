// SPDX-License-Identifier: Apache-2.0
/**
 * Tests that every implementation of the API has to pass, and the lab of real storage that they run
 * on. Published as the test-jar of this module.
 */
@NullMarked
package com.oneprocloud.sync.api.tck;

import org.jspecify.annotations.NullMarked;
