// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/** The other side does not accept who we are: wrong key, password, token or user. */
public class AuthenticationException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public AuthenticationException(Details details) {
    super(details);
  }
}
