// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A Glance image.
 *
 * @param id its id
 * @param name its name; may be empty
 * @param status the cloud's word, in lower case: {@code "active"}, {@code "queued"}, ...
 * @param size bytes, once known; 0 for the image of a volume-booted server
 * @param virtualSize bytes of the disk that it makes, if told
 * @param minDiskGiB the smallest disk that it fits, in GiB
 * @param minRamMiB the least memory that it needs, in MiB
 * @param diskFormat {@code "raw"}, {@code "qcow2"}, ..., if told
 * @param visibility {@code "private"}, {@code "public"}, ..., if told
 * @param projectId the project it belongs to, if told
 * @param properties its own properties
 * @param created when it was made, if told
 */
public record CloudImage(
    String id,
    String name,
    String status,
    OptionalLong size,
    OptionalLong virtualSize,
    long minDiskGiB,
    long minRamMiB,
    Optional<String> diskFormat,
    Optional<String> visibility,
    Optional<String> projectId,
    Map<String, String> properties,
    Optional<Instant> created) {
  /** Copies the map. */
  public CloudImage {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(size, "size");
    Objects.requireNonNull(virtualSize, "virtualSize");
    Objects.requireNonNull(diskFormat, "diskFormat");
    Objects.requireNonNull(visibility, "visibility");
    Objects.requireNonNull(projectId, "projectId");
    Objects.requireNonNull(created, "created");
    properties = Map.copyOf(properties);
  }

  /** Whether servers made of it are said to run the guest agent, so that Nova tries to quiesce. */
  public boolean wantsQuiesce() {
    String agent = properties.getOrDefault("hw_qemu_guest_agent", "");
    return agent.equalsIgnoreCase("yes") || agent.equalsIgnoreCase("true") || agent.equals("1");
  }
}
