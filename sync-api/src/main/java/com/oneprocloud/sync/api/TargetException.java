// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/** The target failed: full, not writable, smaller than the source, or changed by somebody else. */
public class TargetException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public TargetException(Details details) {
    super(details);
  }
}
