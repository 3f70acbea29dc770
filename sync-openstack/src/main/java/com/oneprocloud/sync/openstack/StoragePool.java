// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A pool as Cinder's scheduler knows it, told to administrators only.
 *
 * @param name {@code host@backend#pool}, the same text that a volume has as its host
 * @param backend the backend's name, which volume types select by
 * @param protocol {@code "ceph"} for RBD, if told
 * @param ceph where its images are, for an RBD backend that tells (Queens and later)
 * @param totalGiB its capacity in GiB, where it is a number
 * @param freeGiB what is free of it in GiB, where it is a number
 */
public record StoragePool(
    String name,
    Optional<String> backend,
    Optional<String> protocol,
    Optional<CephLocation> ceph,
    OptionalDouble totalGiB,
    OptionalDouble freeGiB) {
  /** Checks that all parts are there. */
  public StoragePool {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(backend, "backend");
    Objects.requireNonNull(protocol, "protocol");
    Objects.requireNonNull(ceph, "ceph");
    Objects.requireNonNull(totalGiB, "totalGiB");
    Objects.requireNonNull(freeGiB, "freeGiB");
  }

  /**
   * Where the images of an RBD backend are.
   *
   * @param clusterName the cluster's name on the volume host
   * @param fsid the cluster's id
   * @param user the cephx user of the volume host, without {@code client.}
   * @param pool the pool
   */
  public record CephLocation(String clusterName, String fsid, String user, String pool) {
    /** Checks that all parts are there. */
    public CephLocation {
      Objects.requireNonNull(clusterName, "clusterName");
      Objects.requireNonNull(fsid, "fsid");
      Objects.requireNonNull(user, "user");
      Objects.requireNonNull(pool, "pool");
    }
  }
}
