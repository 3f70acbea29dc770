// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/** The other side knows us and refuses: a missing capability, role or file permission. */
public class PermissionException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public PermissionException(Details details) {
    super(details);
  }
}
