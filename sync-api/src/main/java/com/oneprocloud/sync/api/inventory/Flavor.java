// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The dimensions of a server. Embedded in the server where the cloud reports it so, and therefore
 * known even if the flavor was deleted.
 *
 * @param id the flavor's id, if the cloud told it
 * @param name its name; the id's text where the flavor is gone and its name unknown
 * @param vcpus virtual processors
 * @param ramMiB memory in MiB
 * @param rootGiB root disk of an image-booted server in GiB; 0 for the size of the image
 * @param ephemeralGiB ephemeral disks in GiB, together
 * @param swapMiB swap disk in MiB
 * @param extraSpecs extra specs, as far as the user may see them
 */
public record Flavor(
    Optional<String> id,
    String name,
    int vcpus,
    long ramMiB,
    long rootGiB,
    long ephemeralGiB,
    long swapMiB,
    Map<String, String> extraSpecs) {
  /** Copies the map. */
  public Flavor {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    extraSpecs = Map.copyOf(extraSpecs);
  }
}
