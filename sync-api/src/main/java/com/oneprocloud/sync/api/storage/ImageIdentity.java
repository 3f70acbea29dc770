// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.util.Objects;

/**
 * Which image it is, whatever its name. Two images with the same name at different times have
 * different identities; a renamed image keeps its own.
 *
 * @param cluster the cluster's fsid
 * @param poolId the pool's id; never reused by a cluster
 * @param namespace the RADOS namespace; empty for the default one
 * @param imageId the image's internal id, unique within pool and namespace
 */
public record ImageIdentity(String cluster, long poolId, String namespace, String imageId) {
  /** Checks that all parts are there. */
  public ImageIdentity {
    Objects.requireNonNull(cluster, "cluster");
    Objects.requireNonNull(namespace, "namespace");
    Objects.requireNonNull(imageId, "imageId");
  }

  @Override
  public String toString() {
    return cluster + ":" + poolId + "/" + (namespace.isEmpty() ? "" : namespace + "/") + imageId;
  }
}
