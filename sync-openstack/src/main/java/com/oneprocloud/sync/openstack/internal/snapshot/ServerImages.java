// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.snapshot;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.ServerImage;
import com.oneprocloud.sync.openstack.internal.compute.Nova;
import com.oneprocloud.sync.openstack.internal.http.Deadline;
import com.oneprocloud.sync.openstack.internal.http.Failures;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.image.Glance;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Images that Nova makes of servers, for the sake of the guest's freeze that only Nova can do.
 * Thread-safe.
 */
public final class ServerImages {
  private static final Logger LOG = LoggerFactory.getLogger(ServerImages.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final String cloud;
  private final Nova nova;
  private final Glance glance;
  private final CinderSnapshots snapshots;
  private final Ticker ticker;

  /** The images of a cloud's servers. */
  public ServerImages(
      String cloud, Nova nova, Glance glance, CinderSnapshots snapshots, Ticker ticker) {
    this.cloud = cloud;
    this.nova = nova;
    this.glance = glance;
    this.snapshots = snapshots;
    this.ticker = ticker;
  }

  /** Makes an image and waits until it and the snapshots that it refers to are complete. */
  public ServerImage create(
      Server server, String name, Map<String, String> metadata, Duration timeout) {
    for (String key : metadata.keySet()) {
      if (Glance.isAttribute(key)) {
        throw new IllegalArgumentException(
            "metadata of an image cannot be called " + key + ": images have that already");
      }
    }
    Deadline deadline = Deadline.in(timeout, ticker);
    String id = make(server, name, metadata);
    try {
      CloudImage image = awaitActive(id, server, deadline);
      List<CloudSnapshotId> referred = referredBy(image);
      return new ServerImage(
          image,
          referred.isEmpty() ? List.of() : snapshots.await(referred, name, deadline),
          image.wantsQuiesce());
    } catch (SyncException e) {
      cleanUp(id, e);
      throw e;
    }
  }

  private String make(Server server, String name, Map<String, String> metadata) {
    Optional<String> id;
    try {
      id = nova.createImage(server.id(), name, metadata);
    } catch (SyncException e) {
      Optional<String> found = Optional.empty();
      if (Failures.outcomeUnknown(e)) {
        LOG.info("Cloud {}: no answer for image {}, looking it up", cloud, name);
        found = lookUp(name);
      }
      if (found.isEmpty()) {
        // Nova leaves the snapshots that it took before it failed.
        snapshots.removeNamedLike(name, server.volumeIds(), e);
        throw e;
      }
      return found.get();
    }
    return id.or(() -> lookUp(name))
        .orElseThrow(
            () ->
                new SyncException(
                    failed("make image " + name, "server " + server.id())
                        .because("Nova took the request and there is no image of that name")
                        .advice("Look at the compute service's log")));
  }

  private Optional<String> lookUp(String name) {
    List<CloudImage> named = glance.images(Map.of("name", name));
    return named.stream().filter(it -> it.name().equals(name)).map(CloudImage::id).findFirst();
  }

  private CloudImage awaitActive(String id, Server server, Deadline deadline) {
    while (true) {
      Optional<CloudImage> image = glance.findImage(id);
      String status = image.map(CloudImage::status).orElse("gone");
      switch (status) {
        case "active" -> {
          return image.orElseThrow();
        }
        case "gone", "killed", "deleted", "pending_delete", "deactivated" ->
            // Nova deletes the image of an attempt that failed.
            throw new SyncException(
                failed("make image of server " + server.id(), id)
                    .because("the image is %s: Nova could not complete it", status)
                    .advice("Look at the compute service's log and the server's actions"));
        default -> {
          if (deadline.hasPassed()) {
            throw new DeadlineException(
                failed("make image of server " + server.id(), id)
                    .because("it is still %s after %s", status, deadline.allowed())
                    .advice("Allow more time: without RBD's own copying the disk is uploaded"));
          }
        }
      }
      try {
        deadline.sleep(PAUSE);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SyncException(
            failed("make image of server " + server.id(), id)
                .because("the thread was interrupted")
                .cause(e));
      }
    }
  }

  /** The snapshots in an image's block device mapping, which is JSON in a text. */
  static List<CloudSnapshotId> referredBy(CloudImage image) {
    String mapping = image.properties().get("block_device_mapping");
    List<CloudSnapshotId> ids = new ArrayList<>();
    if (mapping == null) {
      return ids;
    }
    try {
      for (JsonNode entry : JsonText.read(mapping).node()) {
        new Fields(entry).text("snapshot_id").map(CloudSnapshotId::of).ifPresent(ids::add);
      }
    } catch (JsonProcessingException e) {
      throw new SyncException(
          failed("read block device mapping", "image " + image.id())
              .because("it is not JSON")
              .advice("Look at the image's properties"));
    }
    return ids;
  }

  private void cleanUp(String imageId, SyncException failure) {
    try {
      Optional<CloudImage> image = glance.findImage(imageId);
      if (image.isPresent()) {
        removeAll(image.get(), referredBy(image.get()), Duration.ofMinutes(1));
      }
    } catch (SyncException e) {
      failure.addSuppressed(e);
    }
  }

  /** Removes the image first, since it refers to the snapshots, then these. */
  public void remove(ServerImage image, Duration timeout) {
    removeAll(image.image(), image.snapshots().stream().map(CloudSnapshot::id).toList(), timeout);
  }

  private void removeAll(CloudImage image, List<CloudSnapshotId> ids, Duration timeout) {
    glance.delete(image.id());
    Deadline deadline = Deadline.in(timeout, ticker);
    ConflictException busy = null;
    for (CloudSnapshotId id : ids) {
      try {
        Duration left = deadline.left();
        snapshots.remove(id, left.isNegative() ? Duration.ZERO : left);
      } catch (ConflictException e) {
        if (busy == null) {
          busy = e;
        } else {
          busy.addSuppressed(e);
        }
      }
    }
    if (busy != null) {
      throw busy;
    }
  }
}
