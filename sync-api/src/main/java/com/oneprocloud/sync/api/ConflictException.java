// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

/**
 * The object is in a state that forbids the operation now: busy, locked, protected, already there.
 * Later it may succeed.
 */
public class ConflictException extends SyncException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with all that is known of it.
   *
   * @param details what happened, to what, and what to do about it
   */
  public ConflictException(Details details) {
    super(details);
  }
}
