// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * A chain cannot be continued or committed to: its head moved, its lease is held by another, or its
 * record is damaged.
 */
public class ChainBrokenException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public ChainBrokenException(Details details) {
    super(details);
  }
}
