// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/** The named object does not exist, or not in the sight of the user that asked. */
public class NotFoundException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public NotFoundException(Details details) {
    super(details);
  }
}
