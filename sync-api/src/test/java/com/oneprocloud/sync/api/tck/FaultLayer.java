// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.opentest4j.TestAbortedException;

/**
 * The library of {@code benchmarks/lab/faults}, which stands between a process and its file system
 * and makes calls fail as a full or broken disk does.
 */
public final class FaultLayer {
  private FaultLayer() {}

  /**
   * The library, built where it is not yet, to be named in {@code LD_PRELOAD} of a process of the
   * test's own.
   *
   * @throws TestAbortedException when it cannot be built here (no compiler, no root), unless {@code
   *     CI=true} or {@code SYNC_LAB_REQUIRED=true}
   * @throws AssertionError when it cannot and one of these is set
   */
  public static Path library() {
    LabCommand command = new LabCommand("faults");
    Map<String, String> values = command.values(Duration.ofMinutes(10), "build");
    String library = values.get("LIBRARY");
    if (library == null) {
      throw new IllegalStateException("benchmarks/lab/faults printed no LIBRARY: " + values);
    }
    return Path.of(library);
  }
}
