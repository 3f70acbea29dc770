// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.snapshot;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.ServerImage;
import com.oneprocloud.sync.openstack.internal.block.Cinder;
import com.oneprocloud.sync.openstack.internal.compute.Nova;
import com.oneprocloud.sync.openstack.internal.http.Deadline;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.image.Glance;
import com.oneprocloud.sync.openstack.internal.inventory.Inventory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Cinder's snapshots, and those of a whole server that Nova has Cinder take while the guest is
 * quiesced. Of the image that Nova makes for them nothing is needed: once its snapshots are marked
 * as ours it is removed. What a crash left of one is removed before the next is made. Thread-safe.
 */
public final class ServerSnapshots implements CloudSnapshots {
  private static final Logger LOG = LoggerFactory.getLogger(ServerSnapshots.class);

  /** Marks the images; their other properties are what the snapshots have in common. */
  private static final String SERVER = "sync-server";

  private final CinderSnapshots snapshots;
  private final ServerImages images;
  private final Inventory inventory;
  private final Nova nova;
  private final Cinder cinder;
  private final Glance glance;
  private final Ticker ticker;

  /** The snapshots of a cloud. */
  public ServerSnapshots(
      CinderSnapshots snapshots,
      ServerImages images,
      Inventory inventory,
      Nova nova,
      Cinder cinder,
      Glance glance,
      Ticker ticker) {
    this.snapshots = snapshots;
    this.images = images;
    this.inventory = inventory;
    this.nova = nova;
    this.cinder = cinder;
    this.glance = glance;
    this.ticker = ticker;
  }

  @Override
  public boolean quiesces(Server server) {
    return server.status().equals("ACTIVE") && inventory.runsGuestAgent(server);
  }

  @Override
  public QuiescedSnapshots createQuiesced(
      ServerId id, Map<VolumeId, Map<String, String>> volumes, String name, Duration timeout) {
    Deadline deadline = Deadline.in(timeout, ticker);
    Map<String, String> properties = common(volumes);
    properties.put(SERVER, id.value());
    removeLeftovers(properties, timeout);
    Server server = nova.server(id);
    ServerImage image = images.create(server, name, properties, timeout);
    List<CloudSnapshot> left = new ArrayList<>(image.snapshots());
    try {
      List<CloudSnapshot> wanted = new ArrayList<>();
      for (Map.Entry<VolumeId, Map<String, String>> each : volumes.entrySet()) {
        CloudSnapshot taken = of(each.getKey(), left, server);
        left.remove(taken);
        cinder.addMetadata(taken.id(), each.getValue(), deadline);
        wanted.add(with(taken, each.getValue()));
      }
      glance.delete(image.image().id());
      for (CloudSnapshot each : left) {
        // Of a volume that was attached meanwhile: Nova takes them all.
        snapshots.remove(each.id(), timeout);
      }
      // Nova tries it with a running guest only.
      return new QuiescedSnapshots(
          wanted, image.quiesceAttempted() && server.status().equals("ACTIVE"));
    } catch (RuntimeException e) {
      try {
        images.remove(image, timeout);
      } catch (SyncException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private static CloudSnapshot of(VolumeId volume, List<CloudSnapshot> taken, Server server) {
    return taken.stream()
        .filter(it -> it.volume().equals(volume))
        .findFirst()
        .orElseThrow(
            () ->
                new SyncException(
                    failed("take snapshot of volume " + volume, "server " + server.id())
                        .because("Nova took none of it: it is not attached any more")
                        .advice("Plan again.")));
  }

  private static CloudSnapshot with(CloudSnapshot it, Map<String, String> metadata) {
    return new CloudSnapshot(
        it.id(), it.volume(), it.name(), it.status(), it.size(), metadata, it.created());
  }

  /** The entries that are the same for every volume. */
  private static Map<String, String> common(Map<VolumeId, Map<String, String>> volumes) {
    Map<String, String> common = new HashMap<>();
    for (Map<String, String> each : volumes.values()) {
      if (common.isEmpty()) {
        common.putAll(each);
      }
      common.entrySet().retainAll(each.entrySet());
    }
    return common;
  }

  /** Snapshots that were marked as ours by then are found by their mark; the others only here. */
  private void removeLeftovers(Map<String, String> properties, Duration timeout) {
    Map<String, String> marks = new HashMap<>(properties);
    String server = marks.remove(SERVER);
    for (CloudImage image : glance.images(Map.of(SERVER, String.valueOf(server)))) {
      if (!isOurs(image, properties)) {
        continue;
      }
      LOG.info("Image {} is left of a run that was cut short, removing it", image.id());
      try {
        List<CloudSnapshot> unmarked = new ArrayList<>();
        for (CloudSnapshotId referred : ServerImages.referredBy(image)) {
          cinder
              .findSnapshot(referred, Deadline.in(timeout, ticker))
              .filter(it -> Collections.disjoint(it.metadata().entrySet(), marks.entrySet()))
              .ifPresent(unmarked::add);
        }
        images.remove(new ServerImage(image, unmarked, false), timeout);
      } catch (SyncException e) {
        LOG.warn("Image {} is left of a run that was cut short: {}", image.id(), e.getMessage());
      }
    }
  }

  /** Nothing of it says otherwise: how much volumes have in common depends on how many they are. */
  private static boolean isOurs(CloudImage image, Map<String, String> properties) {
    return image.properties().containsKey(SERVER)
        && properties.entrySet().stream()
            .allMatch(
                it ->
                    image
                        .properties()
                        .getOrDefault(it.getKey(), it.getValue())
                        .equals(it.getValue()));
  }

  @Override
  public List<CloudSnapshot> create(
      List<VolumeId> volumes, String name, Map<String, String> metadata, Duration timeout) {
    return snapshots.create(volumes, name, metadata, timeout);
  }

  @Override
  public List<Fault> check(List<Volume> volumes) {
    return snapshots.check(volumes);
  }

  @Override
  public List<CloudSnapshot> withMetadata(Map<String, String> metadata) {
    return snapshots.withMetadata(metadata);
  }

  @Override
  public List<CloudSnapshot> withMetadata(VolumeId volume, Map<String, String> metadata) {
    return snapshots.withMetadata(volume, metadata);
  }

  @Override
  public void remove(CloudSnapshotId id, Duration timeout) {
    snapshots.remove(id, timeout);
  }
}
