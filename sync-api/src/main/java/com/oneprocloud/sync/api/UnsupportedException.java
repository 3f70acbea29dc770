// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * What was asked needs a newer library, server or feature than is there; the message says which.
 */
public class UnsupportedException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public UnsupportedException(Details details) {
    super(details);
  }
}
