// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.block;

import com.fasterxml.jackson.databind.JsonNode;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.openstack.SnapshotQuota;
import com.oneprocloud.sync.openstack.StoragePool;
import com.oneprocloud.sync.openstack.VolumeConnection;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Reads Cinder's volumes, snapshots and pools of any version. */
public final class BlockParser {
  private static final long GIB = 1L << 30;

  private BlockParser() {}

  /** A volume of v1, v2 or v3. */
  public static Volume volume(Fields it) {
    VolumeId id = VolumeId.of(it.text("id").orElse("unknown"));
    Optional<VolumeId> nameId =
        word(it, "os-vol-mig-status-attr:name_id", "name_id").map(VolumeId::of);
    return new Volume(
        id,
        it.text("name", "display_name").orElse(""),
        nameId.filter(other -> !other.equals(id)),
        it.text("os-vol-tenant-attr:tenant_id", "project_id"),
        it.bytes("size", GIB),
        it.text("status").orElse("unknown").toLowerCase(Locale.ROOT),
        word(it, "volume_type", "volume_type"),
        word(it, "os-vol-host-attr:host", "host"),
        it.isTrue("bootable"),
        it.isTrue("encrypted"),
        it.isTrue("multiattach"),
        word(it, "os-vol-mig-status-attr:migstat", "migration_status"),
        attachments(it.objects("attachments")),
        it.map("metadata"),
        it.instant("created_at"));
  }

  /** A word that old releases write as the text {@code None} where there is none. */
  private static Optional<String> word(Fields it, String first, String second) {
    return it.text(first, second).filter(text -> !text.equalsIgnoreCase("none"));
  }

  private static List<Volume.Attachment> attachments(List<Fields> list) {
    List<Volume.Attachment> found = new ArrayList<>();
    for (Fields each : list) {
      each.text("server_id")
          .ifPresent(
              server ->
                  found.add(
                      new Volume.Attachment(
                          ServerId.of(server), each.text("device"), each.text("attachment_id"))));
    }
    return found;
  }

  /** A snapshot of v1, v2 or v3. */
  public static CloudSnapshot snapshot(Fields it) {
    return new CloudSnapshot(
        CloudSnapshotId.of(it.text("id").orElse("unknown")),
        VolumeId.of(it.text("volume_id").orElse("unknown")),
        it.text("name", "display_name").orElse(""),
        it.text("status").orElse("unknown").toLowerCase(Locale.ROOT),
        it.bytes("size", GIB),
        it.map("metadata"),
        it.instant("created_at"));
  }

  /**
   * Connection data, flat as attachments have them or with a {@code data} object as the action
   * gives them; empty unless they are of RBD.
   */
  static Optional<VolumeConnection> connection(Fields info) {
    Fields data = info.object("data").isEmpty() ? info : info.object("data");
    Optional<String> driver = info.text("driver_volume_type");
    Optional<String> name = data.text("name");
    if (driver.filter(it -> !it.equals("rbd")).isPresent() || name.isEmpty()) {
      return Optional.empty();
    }
    ImageSpec image;
    try {
      image = ImageSpec.parse(name.get());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    List<String> hosts = data.texts("hosts");
    List<String> ports = data.texts("ports");
    List<String> monitors = new ArrayList<>();
    for (int i = 0; i < hosts.size(); i++) {
      monitors.add(i < ports.size() ? hosts.get(i) + ":" + ports.get(i) : hosts.get(i));
    }
    return Optional.of(
        new VolumeConnection(
            image, monitors, data.text("cluster_name"), data.text("auth_username")));
  }

  /** A pool of {@code get_pools}. */
  static StoragePool pool(Fields it) {
    Fields capabilities = it.object("capabilities");
    return new StoragePool(
        it.text("name").orElse("unknown"),
        capabilities.text("volume_backend_name"),
        capabilities.text("storage_protocol"),
        capabilities.text("location_info").flatMap(BlockParser::location),
        decimal(capabilities, "total_capacity_gb"),
        decimal(capabilities, "free_capacity_gb"));
  }

  /** {@code cluster:conf:fsid:user:pool}. */
  private static Optional<StoragePool.CephLocation> location(String info) {
    String[] parts = info.split(":", -1);
    return parts.length == 5
        ? Optional.of(new StoragePool.CephLocation(parts[0], parts[2], parts[3], parts[4]))
        : Optional.empty();
  }

  /** A capacity, which can also be {@code "infinite"} or {@code "unknown"}. */
  private static OptionalDouble decimal(Fields fields, String name) {
    JsonNode value = fields.node().path(name);
    if (value.isNumber()) {
      return OptionalDouble.of(value.doubleValue());
    }
    try {
      return value.isTextual()
          ? OptionalDouble.of(Double.parseDouble(value.textValue()))
          : OptionalDouble.empty();
    } catch (NumberFormatException e) {
      return OptionalDouble.empty();
    }
  }

  /** The absolute limits of the project. */
  static ProjectQuota quota(Fields absolute) {
    OptionalLong gibibytesUsed = absolute.number("totalGigabytesUsed");
    return new ProjectQuota(
        new SnapshotQuota(
            left(
                absolute.number("maxTotalSnapshots"),
                absolute.number("totalSnapshotsUsed"),
                OptionalLong.of(0)),
            left(absolute.number("maxTotalVolumeGigabytes"), gibibytesUsed, OptionalLong.of(0))),
        gibibytesUsed);
  }

  /** What a quota set with usage tells of a volume type, whose names are its own. */
  static SnapshotQuota typeQuota(Fields quotas, String type) {
    return new SnapshotQuota(
        left(quotas.object("snapshots_" + type)), left(quotas.object("gigabytes_" + type)));
  }

  private static OptionalLong left(Fields quota) {
    return left(quota.number("limit"), quota.number("in_use"), quota.number("reserved"));
  }

  private static OptionalLong left(OptionalLong limit, OptionalLong used, OptionalLong reserved) {
    if (limit.isEmpty() || limit.getAsLong() < 0 || used.isEmpty()) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.max(0, limit.getAsLong() - used.getAsLong() - reserved.orElse(0)));
  }
}
