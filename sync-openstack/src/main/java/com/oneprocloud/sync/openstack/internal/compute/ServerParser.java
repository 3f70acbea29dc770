// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.compute;

import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads Nova's servers and flavors of any release. */
public final class ServerParser {
  private static final String VOLUMES = "os-extended-volumes:volumes_attached";

  private ServerParser() {}

  /** A server; its flavor as far as it is embedded. */
  public static Server server(Fields it) {
    return new Server(
        ServerId.of(it.text("id").orElse("unknown")),
        it.text("name").orElse(""),
        it.text("tenant_id", "project_id"),
        it.text("status").orElse("UNKNOWN").toUpperCase(Locale.ROOT),
        it.text("OS-EXT-STS:task_state").filter(state -> !state.equals("None")),
        embeddedFlavor(it.object("flavor")),
        it.object("image").text("id").or(() -> it.text("image")),
        volumeIds(it),
        addresses(it.object("addresses")),
        it.map("metadata"),
        it.text("OS-EXT-AZ:availability_zone"),
        it.text("key_name"),
        names(it.objects("security_groups")),
        hasConfigDrive(it),
        it.text("OS-EXT-SRV-ATTR:host", "OS-EXT-SRV-ATTR:hypervisor_hostname"),
        it.text("OS-EXT-SRV-ATTR:root_device_name"),
        it.instant("created"));
  }

  /** Old releases let users name an image to make the drive of, and tell that image's id here. */
  private static boolean hasConfigDrive(Fields server) {
    return server.isTrue("config_drive")
        || server.text("config_drive").filter(it -> it.length() >= 32).isPresent();
  }

  /** The id of a server's flavor, where that is all that the server tells of it. */
  static Optional<String> flavorId(Fields server) {
    return server.object("flavor").text("id").or(() -> server.text("flavor"));
  }

  private static Optional<Flavor> embeddedFlavor(Fields flavor) {
    return flavor.has("vcpus") || flavor.has("original_name")
        ? Optional.of(flavor(flavor))
        : Optional.empty();
  }

  /** A flavor, embedded in a server or of the flavor list. */
  static Flavor flavor(Fields it) {
    return new Flavor(
        it.text("id"),
        it.text("original_name", "name").or(() -> it.text("id")).orElse(""),
        (int) Math.min(Integer.MAX_VALUE, it.number("vcpus").orElse(0)),
        it.number("ram").orElse(0),
        it.number("disk").orElse(0),
        it.number(it.has("ephemeral") ? "ephemeral" : "OS-FLV-EXT-DATA:ephemeral").orElse(0),
        it.number("swap").orElse(0),
        it.map("extra_specs"));
  }

  private static List<VolumeId> volumeIds(Fields server) {
    List<VolumeId> ids = new ArrayList<>();
    for (Fields attached : server.objects(VOLUMES)) {
      // An object with the id, or the id alone.
      Optional<String> id =
          attached.node().isTextual()
              ? Optional.of(attached.node().textValue())
              : attached.text("id", "volumeId");
      id.map(VolumeId::of).filter(it -> !ids.contains(it)).ifPresent(ids::add);
    }
    return ids;
  }

  /** Which volumes go with the server, where it tells (Kilo and later). */
  public static Map<VolumeId, Boolean> deletedOnTermination(Fields server) {
    Map<VolumeId, Boolean> found = new LinkedHashMap<>();
    for (Fields attached : server.objects(VOLUMES)) {
      Optional<Boolean> goes = attached.truth("delete_on_termination");
      attached
          .text("id", "volumeId")
          .ifPresent(id -> goes.ifPresent(it -> found.put(VolumeId.of(id), it)));
    }
    return found;
  }

  private static Map<String, List<Server.Address>> addresses(Fields networks) {
    Map<String, List<Server.Address>> found = new LinkedHashMap<>();
    for (String network : networks.names()) {
      List<Server.Address> addresses = new ArrayList<>();
      for (Fields each : networks.objects(network)) {
        Optional<String> ip = each.text("addr");
        ip.ifPresent(
            addr ->
                addresses.add(
                    new Server.Address(
                        addr,
                        (int) each.number("version").orElse(addr.indexOf(':') >= 0 ? 6 : 4),
                        each.text("OS-EXT-IPS:type"),
                        each.text("OS-EXT-IPS-MAC:mac_addr"))));
      }
      found.put(network, List.copyOf(addresses));
    }
    return found;
  }

  private static List<String> names(List<Fields> groups) {
    List<String> names = new ArrayList<>();
    for (Fields group : groups) {
      Optional<String> name =
          group.node().isTextual() ? Optional.of(group.node().textValue()) : group.text("name");
      name.filter(it -> !names.contains(it)).ifPresent(names::add);
    }
    return names;
  }
}
