// SPDX-License-Identifier: Apache-2.0
/**
 * The contract of the storage interfaces as tests. A storage module extends the {@code …Contract}
 * classes and gives them a {@link com.oneprocloud.sync.api.tck.StorageFixture}.
 */
@NullMarked
package com.oneprocloud.sync.api.tck;

import org.jspecify.annotations.NullMarked;
