// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * The storage cluster failed an operation for a reason of its own: an I/O error, a short read, a
 * lost connection.
 */
public class StorageException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public StorageException(Details details) {
    super(details);
  }
}
