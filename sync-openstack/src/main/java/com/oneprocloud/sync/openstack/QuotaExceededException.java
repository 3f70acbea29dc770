// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.PermissionException;

/**
 * A quota of the project is used up. Asking again does not help until something is removed or the
 * quota is raised.
 */
public class QuotaExceededException extends PermissionException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public QuotaExceededException(Details details) {
    super(details);
  }
}
