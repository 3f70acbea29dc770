// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import java.util.Set;

/**
 * What the librados and librbd that were loaded can do. Says nothing of the servers.
 *
 * @param librados version of librados, as it reports it ({@code "3.0.0"}); not the Ceph release
 * @param librbd version of librbd, as it reports it ({@code "1.16.0"}); not the Ceph release
 * @param available what the libraries have
 */
public record Capabilities(String librados, String librbd, Set<Capability> available) {
  /** Copies the set. */
  public Capabilities {
    available = Set.copyOf(available);
  }

  /** Whether the libraries have a capability. */
  public boolean has(Capability capability) {
    return available.contains(capability);
  }

  /**
   * Refuses an operation that needs a capability which the libraries lack.
   *
   * @param capability what is needed
   * @param operation what was to be done, as a verb phrase
   * @param subject the object it was to be done to
   * @throws UnsupportedException if the capability is not there
   */
  public void require(Capability capability, String operation, Object subject) {
    if (!has(capability)) {
      throw new UnsupportedException(
          SyncException.failed(operation, subject)
              .because("librbd %s has no %s", librbd, capability.symbol())
              .advice(
                  "This needs the client libraries of Ceph %s on this machine.",
                  capability.since()));
    }
  }
}
