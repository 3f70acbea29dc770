// SPDX-License-Identifier: Apache-2.0
/**
 * The C interface of librados and librbd, and nothing else: no state but the libraries, no policy. The only package that sees JNA.
 *
 * <p>Every handle and every address is a {@code long}; {@code size_t}, {@code ssize_t} and {@code int64_t} are {@code long}, {@code
 * uint8_t} and C {@code bool} are {@code byte}. Functions return {@code -errno} as the C functions do.
 */
@NullMarked
package com.oneprocloud.sync.ceph.internal.library;

import org.jspecify.annotations.NullMarked;
