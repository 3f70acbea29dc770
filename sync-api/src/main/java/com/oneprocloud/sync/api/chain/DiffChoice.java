// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;

/**
 * Which method finds what changed, and why that one.
 *
 * @param method the method
 * @param reason why it, or why not {@link DiffMethod#FAST}
 */
public record DiffChoice(DiffMethod method, DiffReason reason) {
  /** Checks that both are there. */
  public DiffChoice {
    Objects.requireNonNull(method, "method");
    Objects.requireNonNull(reason, "reason");
  }

  @Override
  public String toString() {
    return method + ": " + reason;
  }
}
