// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.inventory;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.ServerDescription;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Writes the description of a server as JSON. */
public final class DescriptionWriter {
  private DescriptionWriter() {}

  /** The description's text. */
  public static String write(ServerDescription it) {
    ObjectNode root = JsonText.object();
    root.put("format", "server-description/1");
    root.put("cloud", it.cloud());
    Server server = it.server();
    root.put("id", server.id().value());
    root.put("name", server.name());
    put(root, "description", it.description());
    put(root, "projectId", server.projectId());
    put(root, "userId", it.userId());
    root.put("status", server.status());
    put(root, "availabilityZone", server.availabilityZone());
    put(root, "keyName", server.keyName());
    root.put("configDrive", server.configDrive());
    put(root, "rootDevice", server.rootDevice());
    put(root, "created", server.created());
    server.flavor().ifPresent(flavor -> write(root.putObject("flavor"), flavor));
    map(root, "metadata", server.metadata());
    it.tags().forEach(root.putArray("tags")::add);
    server.securityGroups().forEach(root.putArray("securityGroups")::add);
    ObjectNode networks = root.putObject("addresses");
    new TreeMap<>(server.addresses())
        .forEach(
            (network, addresses) -> {
              ArrayNode list = networks.putArray(network);
              for (Server.Address address : addresses) {
                ObjectNode node = list.addObject();
                node.put("ip", address.ip());
                node.put("version", address.version());
                put(node, "type", address.type());
                put(node, "mac", address.mac());
              }
            });
    ArrayNode ports = root.putArray("ports");
    for (ServerDescription.Port port : it.ports()) {
      ObjectNode node = ports.addObject();
      node.put("id", port.id());
      put(node, "networkId", port.networkId());
      put(node, "mac", port.mac());
      port.addresses().forEach(node.putArray("addresses")::add);
    }
    ArrayNode disks = root.putArray("disks");
    it.disks().forEach(disk -> write(disks.addObject(), disk));
    put(root, "imageId", server.imageId());
    it.image().ifPresent(image -> write(root.putObject("image"), image));
    return JsonText.pretty(root);
  }

  private static void write(ObjectNode node, Flavor flavor) {
    put(node, "id", flavor.id());
    node.put("name", flavor.name());
    node.put("vcpus", flavor.vcpus());
    node.put("ramMiB", flavor.ramMiB());
    node.put("rootGiB", flavor.rootGiB());
    node.put("ephemeralGiB", flavor.ephemeralGiB());
    node.put("swapMiB", flavor.swapMiB());
    map(node, "extraSpecs", flavor.extraSpecs());
  }

  private static void write(ObjectNode node, ServerDescription.AttachedDisk attached) {
    Disk disk = attached.disk();
    node.put("kind", disk.kind().name());
    node.put("imageName", disk.imageName());
    node.put("sizeBytes", disk.size());
    disk.bootIndex().ifPresent(index -> node.put("bootIndex", index));
    put(node, "device", disk.device());
    attached.deletedWithServer().ifPresent(goes -> node.put("deletedWithServer", goes));
    disk.volume().ifPresent(volume -> write(node.putObject("volume"), volume));
    map(node, "imageMetadata", attached.imageMetadata());
  }

  private static void write(ObjectNode node, Volume volume) {
    node.put("id", volume.id().value());
    node.put("name", volume.name());
    put(node, "type", volume.type());
    node.put("bootable", volume.bootable());
    node.put("encrypted", volume.encrypted());
    node.put("multiattach", volume.multiattach());
    map(node, "metadata", volume.metadata());
  }

  private static void write(ObjectNode node, CloudImage image) {
    node.put("id", image.id());
    node.put("name", image.name());
    put(node, "diskFormat", image.diskFormat());
    node.put("minDiskGiB", image.minDiskGiB());
    node.put("minRamMiB", image.minRamMiB());
    map(node, "properties", image.properties());
  }

  private static void map(ObjectNode node, String name, Map<String, String> entries) {
    ObjectNode object = node.putObject(name);
    new TreeMap<>(entries).forEach(object::put);
  }

  private static void put(ObjectNode node, String name, Optional<?> value) {
    value.ifPresent(it -> node.put(name, it.toString()));
  }
}
