// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A Nova server. Fields that a user may not see, or that a cell which is down could not tell, are
 * empty.
 *
 * @param id its id
 * @param name its name; may be empty and need not be unique
 * @param projectId the project it belongs to
 * @param status the cloud's word, in upper case: {@code "ACTIVE"}, {@code "SHUTOFF"}, {@code
 *     "UNKNOWN"} for a cell that is down, ...
 * @param taskState what the cloud is doing with it now, if anything
 * @param flavor its dimensions
 * @param imageId the image it was booted from; empty for a volume-booted server
 * @param volumeIds the volumes attached to it, in the order in which the cloud lists them
 * @param addresses its addresses by network
 * @param metadata its metadata
 * @param availabilityZone its availability zone
 * @param keyName its key pair
 * @param securityGroups names of its security groups
 * @param configDrive whether it has a config drive
 * @param host the compute host, told to administrators only
 * @param rootDevice the device name that it boots from, told to administrators only (Kilo and
 *     later): {@code "/dev/vda"}
 * @param created when it was made
 */
public record Server(
    ServerId id,
    String name,
    Optional<String> projectId,
    String status,
    Optional<String> taskState,
    Optional<Flavor> flavor,
    Optional<String> imageId,
    List<VolumeId> volumeIds,
    Map<String, List<Address>> addresses,
    Map<String, String> metadata,
    Optional<String> availabilityZone,
    Optional<String> keyName,
    List<String> securityGroups,
    boolean configDrive,
    Optional<String> host,
    Optional<String> rootDevice,
    Optional<Instant> created) {
  /** Copies the collections. */
  public Server {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(projectId, "projectId");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(taskState, "taskState");
    Objects.requireNonNull(flavor, "flavor");
    Objects.requireNonNull(imageId, "imageId");
    Objects.requireNonNull(availabilityZone, "availabilityZone");
    Objects.requireNonNull(keyName, "keyName");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(rootDevice, "rootDevice");
    Objects.requireNonNull(created, "created");
    volumeIds = List.copyOf(volumeIds);
    addresses = Map.copyOf(addresses);
    metadata = Map.copyOf(metadata);
    securityGroups = List.copyOf(securityGroups);
  }

  /**
   * One address of a server.
   *
   * @param ip the address's text
   * @param version 4 or 6
   * @param type {@code "fixed"} or {@code "floating"}, if told
   * @param mac the port's MAC address, if told
   */
  public record Address(String ip, int version, Optional<String> type, Optional<String> mac) {
    /** Checks that all parts are there. */
    public Address {
      Objects.requireNonNull(ip, "ip");
      Objects.requireNonNull(type, "type");
      Objects.requireNonNull(mac, "mac");
    }
  }
}
