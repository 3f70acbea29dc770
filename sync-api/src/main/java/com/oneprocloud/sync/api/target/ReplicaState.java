// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.target;

import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.RunId;
import java.util.Objects;
import java.util.Optional;

/**
 * What a replica holds, by its own record: kept beside the replica, not in the chain store, so that
 * the two can be held to each other.
 */
public sealed interface ReplicaState {
  /** Nothing that anybody recorded. */
  record Empty() implements ReplicaState {}

  /**
   * Changing: parts are of one point, parts of another, until a run commits.
   *
   * @param from the point it held before, if any
   * @param run the run that is changing it
   */
  record InFlight(Optional<ManifestHash> from, RunId run) implements ReplicaState {
    /** Checks that all parts are there. */
    public InFlight {
      Objects.requireNonNull(from, "from");
      Objects.requireNonNull(run, "run");
    }
  }

  /**
   * Not what was recorded: somebody else changed it, or the record.
   *
   * @param how what was found, in a few words without a full stop
   */
  record Changed(String how) implements ReplicaState {
    /** Checks that all parts are there. */
    public Changed {
      Objects.requireNonNull(how, "how");
    }
  }

  /**
   * Equal to a committed point.
   *
   * @param at the point's manifest
   */
  record Committed(ManifestHash at) implements ReplicaState {
    /** Checks that all parts are there. */
    public Committed {
      Objects.requireNonNull(at, "at");
    }
  }
}
