// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.chain.SyncMode;

/** Servers with an engine that replicates them, round after round. */
interface RunningFleet extends AutoCloseable {
  /**
   * Brings all servers to a new point, asked for at the same time.
   *
   * @param planners threads that plan and submit
   */
  Round all(SyncMode mode, int planners) throws InterruptedException;

  /** Writes to every disk. */
  void change();

  /** Throws if a replica does not hold what it should, as far as that can be told soon. */
  void check();

  /** What is open and should not be when nothing runs. */
  String left();

  @Override
  void close();
}
