// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;

/**
 * How far an open run has come. Runs write a replica from its start to its end.
 *
 * @param written every change below this offset was written
 * @param flushed every change below this offset was flushed
 * @param epoch the replica's epoch in which that was so: in another one, only {@code flushed}
 *     counts
 */
public record RunProgress(long written, long flushed, String epoch) {
  /** Checks that what was flushed was written. */
  public RunProgress {
    Objects.requireNonNull(epoch, "epoch");
    if (flushed < 0 || written < flushed) {
      throw new IllegalArgumentException("written " + written + ", flushed " + flushed);
    }
  }

  /** Where to go on, in an epoch. */
  public long resumeAt(String currentEpoch) {
    return epoch.equals(currentEpoch) ? written : flushed;
  }
}
