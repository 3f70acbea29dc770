// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A plan cannot be made. Carries every fault that was found, not just the first. */
public class InvalidPlanException extends SyncException {
  private static final long serialVersionUID = 1L;

  private final ArrayList<Fault> faults;

  /**
   * A refusal with all its reasons.
   *
   * @param subject what was to be planned
   * @param faults every fault found; not empty
   */
  public InvalidPlanException(Object subject, List<Fault> faults) {
    super(
        failed("plan", subject)
            .because(
                "%d fault%s%s",
                faults.size(),
                faults.size() == 1 ? "" : "s",
                faults.stream().map(fault -> "\n  - " + fault).collect(Collectors.joining())));
    this.faults = new ArrayList<>(faults);
  }

  /** Every fault, in the order of the disks they concern. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }
}
