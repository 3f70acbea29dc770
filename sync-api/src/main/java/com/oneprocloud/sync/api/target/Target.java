// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.target;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.TargetException;
import java.util.List;

/**
 * A place that keeps replicas.
 *
 * <p>Thread-safe.
 */
public interface Target {
  /**
   * A text that names this target for good; chains are tied to it, so the same target must have the
   * same id in the next run.
   */
  String id();

  /**
   * What would keep a replica from being written, worked out without writing anything.
   *
   * @param name the replica
   * @param size bytes that it must hold
   * @return every fault found; empty if there is none
   */
  List<Fault> check(ReplicaName name, long size);

  /**
   * What a replica holds, worked out without writing anything.
   *
   * @return {@link ReplicaState.Empty} if there is no such replica
   * @throws TargetException if its record cannot be read
   */
  ReplicaState state(ReplicaName name);

  /**
   * Opens a replica for a run, making it if it is not there.
   *
   * @return the replica, to be closed by the caller
   * @throws TargetException if it cannot be opened for writing, or somebody else has it open
   */
  Replica open(ReplicaName name);

  /**
   * Opens a replica to be read and not changed: no run writes to it until it is closed, as far as
   * the target can tell.
   *
   * @return a replica of which only {@link Replica#state}, {@link Replica#size}, {@link
   *     Replica#read} and {@link Replica#close} are called; to be closed by the caller
   * @throws TargetException if it is not there, or somebody else has it open
   */
  default Replica openToRead(ReplicaName name) {
    return open(name);
  }
}
