// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.io.IOException;

/**
 * Reads an answer. Runs once for each attempt, so it must not keep anything of an attempt that
 * failed.
 *
 * @param <T> what it makes of it
 */
@FunctionalInterface
public interface ReplyReader<T> {
  /** Reads. */
  T read(Reply reply) throws IOException;

  /** Reads nothing. */
  static ReplyReader<Reply> headers() {
    return reply -> reply;
  }
}
