// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.inventory;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.ServerDescription;
import com.oneprocloud.sync.openstack.StoragePool;
import com.oneprocloud.sync.openstack.VolumeConnection;
import com.oneprocloud.sync.openstack.internal.block.BlockParser;
import com.oneprocloud.sync.openstack.internal.block.Cinder;
import com.oneprocloud.sync.openstack.internal.compute.Nova;
import com.oneprocloud.sync.openstack.internal.compute.ServerParser;
import com.oneprocloud.sync.openstack.internal.image.Glance;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Questions whose answers take more than one service. Thread-safe. */
public final class Inventory {
  private static final Logger LOG = LoggerFactory.getLogger(Inventory.class);

  private final String cloud;
  private final Nova nova;
  private final Cinder cinder;
  private final Glance glance;
  private final Parallel parallel;

  /** The inventory of a cloud. */
  public Inventory(String cloud, Nova nova, Cinder cinder, Glance glance, Parallel parallel) {
    this.cloud = cloud;
    this.nova = nova;
    this.cinder = cinder;
    this.glance = glance;
    this.parallel = parallel;
  }

  /** The disks of one server: one call for each of its volumes. */
  public List<Disk> disks(Server server) {
    return DiskLayout.of(server, parallel.map(server.volumeIds(), cinder::volume));
  }

  /**
   * The disks of many servers: one listing of volumes, and one call for each volume not in it.
   *
   * @param ownProject the project of the token
   */
  public Map<ServerId, List<Disk>> disks(Collection<Server> servers, Optional<String> ownProject) {
    boolean foreign =
        servers.stream()
            .anyMatch(it -> it.projectId().isPresent() && !it.projectId().equals(ownProject));
    Map<VolumeId, Volume> known = new HashMap<>();
    cinder.volumes(foreign).forEach(it -> known.put(it.id(), it));
    Set<VolumeId> missing = new LinkedHashSet<>();
    for (Server server : servers) {
      server.volumeIds().stream().filter(it -> !known.containsKey(it)).forEach(missing::add);
    }
    for (Volume volume : parallel.map(List.copyOf(missing), cinder::volume)) {
      known.put(volume.id(), volume);
    }
    Map<ServerId, List<Disk>> disks = new LinkedHashMap<>();
    for (Server server : servers) {
      List<Volume> volumes = new ArrayList<>();
      for (VolumeId id : server.volumeIds()) {
        Volume volume = known.get(id);
        if (volume != null) {
          volumes.add(volume);
        }
      }
      disks.put(server.id(), DiskLayout.of(server, volumes));
    }
    return disks;
  }

  /** All about one server. */
  public ServerDescription describe(ServerId id) {
    Fields record = nova.record(id);
    Server server = nova.server(record);
    Map<VolumeId, Fields> volumes = new HashMap<>();
    List<Fields> records = parallel.map(server.volumeIds(), volume -> cinder.record(volume));
    for (int i = 0; i < records.size(); i++) {
      volumes.put(server.volumeIds().get(i), records.get(i));
    }
    Map<VolumeId, Boolean> deleted = ServerParser.deletedOnTermination(record);
    List<ServerDescription.AttachedDisk> disks = new ArrayList<>();
    for (Disk disk : DiskLayout.of(server, records.stream().map(BlockParser::volume).toList())) {
      Optional<VolumeId> volume = disk.volume().map(Volume::id);
      disks.add(
          new ServerDescription.AttachedDisk(
              disk,
              volume.map(deleted::get),
              volume
                  .map(volumes::get)
                  .map(it -> it.map("volume_image_metadata"))
                  .orElse(Map.of())));
    }
    return new ServerDescription(
        cloud,
        server,
        record.text("description"),
        record.texts("tags"),
        record.text("user_id"),
        disks,
        server.imageId().flatMap(this::image),
        nova.interfaces(id).stream().map(Inventory::port).toList());
  }

  /**
   * Whether a server boots from a volume whose image says that the guest agent runs: what Nova goes
   * by when it is to quiesce the guest.
   */
  public boolean runsGuestAgent(Server server) {
    List<Fields> records = parallel.map(server.volumeIds(), cinder::record);
    List<Volume> volumes = records.stream().map(BlockParser::volume).toList();
    Optional<Volume> boot =
        DiskLayout.of(server, volumes).stream()
            .filter(Disk::isBootDisk)
            .findFirst()
            .flatMap(Disk::volume);
    return boot.isPresent()
        && records
            .get(volumes.indexOf(boot.get()))
            .object("volume_image_metadata")
            .isTrue("hw_qemu_guest_agent");
  }

  private Optional<CloudImage> image(String id) {
    try {
      return glance.findImage(id);
    } catch (PermissionException e) {
      return Optional.empty(); // It was made private since.
    }
  }

  private static ServerDescription.Port port(Fields it) {
    List<String> addresses = new ArrayList<>();
    for (Fields fixed : it.objects("fixed_ips")) {
      fixed.text("ip_address").ifPresent(addresses::add);
    }
    return new ServerDescription.Port(
        it.text("port_id").orElse("unknown"), it.text("net_id"), it.text("mac_addr"), addresses);
  }

  /** The connection data that a volume's attachments keep. */
  public Optional<VolumeConnection> connection(Volume volume) {
    for (Volume.Attachment attachment : volume.attachments()) {
      Optional<VolumeConnection> connection =
          attachment.attachmentId().flatMap(cinder::attachmentConnection);
      if (connection.isPresent()) {
        return connection;
      }
    }
    return Optional.empty();
  }

  /**
   * Where the image of a disk is: by the connection data of its attachments, else, for an
   * administrator, by the pool that the volume's backend reports.
   */
  public Optional<ImageSpec> imageOf(Disk disk) {
    if (disk.volume().isEmpty()) {
      return Optional.empty(); // Nova tells its pool to nobody.
    }
    Volume volume = disk.volume().get();
    return connection(volume)
        .map(VolumeConnection::image)
        .or(() -> volume.host().flatMap(host -> imageIn(host, disk)));
  }

  private Optional<ImageSpec> imageIn(String host, Disk disk) {
    try {
      return cinder.pools().stream()
          .filter(it -> it.name().equals(host))
          .flatMap(it -> it.ceph().stream())
          .findFirst()
          .map(StoragePool.CephLocation::pool)
          .map(pool -> ImageSpec.of(pool, disk.imageName()));
    } catch (PermissionException | NotFoundException e) {
      LOG.debug("Cloud {}: the pools are not told: {}", cloud, e.getMessage());
      return Optional.empty();
    } catch (SyncException e) {
      LOG.warn("Cloud {}: the pools could not be asked for: {}", cloud, e.getMessage());
      return Optional.empty();
    }
  }
}
