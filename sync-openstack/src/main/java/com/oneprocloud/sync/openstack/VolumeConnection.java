// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.storage.ImageSpec;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What Cinder tells a compute host so that it can open a volume's image. Holds no key.
 *
 * @param image the image
 * @param monitors the cluster's monitors, {@code host:port}
 * @param clusterName the cluster's name on the compute hosts, usually {@code "ceph"}
 * @param user the cephx user of the compute hosts, without {@code client.}
 */
public record VolumeConnection(
    ImageSpec image, List<String> monitors, Optional<String> clusterName, Optional<String> user) {
  /** Copies the list. */
  public VolumeConnection {
    Objects.requireNonNull(image, "image");
    Objects.requireNonNull(clusterName, "clusterName");
    Objects.requireNonNull(user, "user");
    monitors = List.copyOf(monitors);
  }
}
