// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.openstack.internal.inventory.DescriptionWriter;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * All that is needed to build a server like it elsewhere: dimensions, disks, networks, metadata,
 * properties of the image. Holds no user data and no password.
 *
 * @param cloud the cloud's name
 * @param server the server
 * @param description its description, if it has one
 * @param tags its tags
 * @param userId who made it, if told
 * @param disks its disks, the boot disk first
 * @param image the image that it was made of, if it is still there
 * @param ports its network ports, as far as they are told
 */
public record ServerDescription(
    String cloud,
    Server server,
    Optional<String> description,
    List<String> tags,
    Optional<String> userId,
    List<AttachedDisk> disks,
    Optional<CloudImage> image,
    List<Port> ports) {
  /** Copies the lists. */
  public ServerDescription {
    Objects.requireNonNull(cloud, "cloud");
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(image, "image");
    tags = List.copyOf(tags);
    disks = List.copyOf(disks);
    ports = List.copyOf(ports);
  }

  /** The description as JSON text. New fields may be added; none changes its meaning. */
  public String toJson() {
    return DescriptionWriter.write(this);
  }

  /**
   * A disk with what the server knows of it.
   *
   * @param disk the disk
   * @param deletedWithServer whether the volume is deleted with the server, if told
   * @param imageMetadata the properties that a bootable volume took over from its image
   */
  public record AttachedDisk(
      Disk disk, Optional<Boolean> deletedWithServer, Map<String, String> imageMetadata) {
    /** Copies the map. */
    public AttachedDisk {
      Objects.requireNonNull(disk, "disk");
      Objects.requireNonNull(deletedWithServer, "deletedWithServer");
      imageMetadata = Map.copyOf(imageMetadata);
    }
  }

  /**
   * A network port.
   *
   * @param id its id
   * @param networkId its network, if told
   * @param mac its MAC address, if told
   * @param addresses its fixed addresses
   */
  public record Port(
      String id, Optional<String> networkId, Optional<String> mac, List<String> addresses) {
    /** Copies the list. */
    public Port {
      Objects.requireNonNull(id, "id");
      Objects.requireNonNull(networkId, "networkId");
      Objects.requireNonNull(mac, "mac");
      addresses = List.copyOf(addresses);
    }
  }
}
