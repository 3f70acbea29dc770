// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * The other side did not answer before the deadline. The operation may or may not have taken
 * effect.
 */
public class DeadlineException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public DeadlineException(Details details) {
    super(details);
  }
}
