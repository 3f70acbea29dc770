// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.block;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.SnapshotQuota;
import com.oneprocloud.sync.openstack.StoragePool;
import com.oneprocloud.sync.openstack.VolumeConnection;
import com.oneprocloud.sync.openstack.internal.http.Deadline;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import com.oneprocloud.sync.openstack.internal.service.Listing;
import com.oneprocloud.sync.openstack.internal.service.Microversion;
import com.oneprocloud.sync.openstack.internal.service.ServiceClient;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Cinder's API, v1 to v3, as far as we need it. Thread-safe. */
public final class Cinder {
  private static final Microversion ATTACHMENTS = Microversion.of(3, 27);

  private final Session session;

  /** Cinder of a session. */
  public Cinder(Session session) {
    this.session = session;
  }

  private ServiceClient client() {
    return session.service(ServiceType.BLOCK_STORAGE);
  }

  /**
   * Volumes: {@code GET /volumes/detail}.
   *
   * @param allProjects whether to look at every project, which non-administrators do not get
   */
  public List<Volume> volumes(boolean allProjects) {
    ServiceClient client = client();
    Listing<Volume> listing =
        new Listing<>(client, "/volumes/detail", "volumes", BlockParser::volume);
    if (allProjects) {
      listing.query("all_tenants", 1);
    }
    return (client.major() == 1 ? listing.byOffset() : listing).fetch();
  }

  /** One volume: {@code GET /volumes/{id}}. */
  public Volume volume(VolumeId id) {
    return BlockParser.volume(record(id));
  }

  /** One volume as Cinder tells it. */
  public Fields record(VolumeId id) {
    return client().get("/volumes/{id}", id.value()).fetch().object("volume");
  }

  /** The names of the volume types: {@code GET /types}. */
  public List<String> types() {
    return new Listing<>(client(), "/types", "volume_types", it -> it.text("name").orElse(""))
        .fetch().stream().filter(it -> !it.isEmpty()).toList();
  }

  /** Snapshots: {@code GET /snapshots/detail}. */
  public List<CloudSnapshot> snapshots(Map<String, String> query) {
    ServiceClient client = client();
    Listing<CloudSnapshot> listing =
        new Listing<>(client, "/snapshots/detail", "snapshots", BlockParser::snapshot);
    query.forEach(listing::query);
    // Links to further pages of snapshots came with Liberty; v3 came later still.
    return (client.major() < 3 ? listing.byOffset() : listing).fetch();
  }

  /** The query that finds snapshots by their name. */
  public Map<String, String> named(String name) {
    return Map.of(client().major() == 1 ? "display_name" : "name", name);
  }

  /** One snapshot: {@code GET /snapshots/{id}}; empty if there is none. */
  public Optional<CloudSnapshot> findSnapshot(CloudSnapshotId id, Deadline deadline) {
    try {
      return Optional.of(
          BlockParser.snapshot(
              client()
                  .get("/snapshots/{id}", id.value())
                  .within(deadline)
                  .fetch()
                  .object("snapshot")));
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  /**
   * Takes a snapshot, also of a volume in use: {@code POST /snapshots}. Never repeated.
   *
   * @param metadata keys of letters, digits and {@code _-:. }; both up to 255 characters
   */
  public CloudSnapshot createSnapshot(
      VolumeId volume, String name, Map<String, String> metadata, Deadline deadline) {
    ServiceClient client = client();
    ObjectNode body = JsonText.object();
    ObjectNode snapshot = body.putObject("snapshot");
    snapshot.put("volume_id", volume.value());
    snapshot.put(client.major() == 1 ? "display_name" : "name", name);
    // Needed for a volume in use up to 3.65; without a microversion no release refuses it.
    snapshot.put("force", true);
    if (!metadata.isEmpty()) {
      ObjectNode entries = snapshot.putObject("metadata");
      metadata.forEach(entries::put);
    }
    return BlockParser.snapshot(
        client
            .call("POST", "/snapshots")
            .about("volume " + volume)
            .json(body)
            .within(deadline)
            .fetch()
            .object("snapshot"));
  }

  /** Adds to a snapshot's metadata: {@code POST /snapshots/{id}/metadata}. */
  public void addMetadata(CloudSnapshotId id, Map<String, String> metadata, Deadline deadline) {
    ObjectNode body = JsonText.object();
    ObjectNode entries = body.putObject("metadata");
    metadata.forEach(entries::put);
    client()
        .call("POST", "/snapshots/{id}/metadata", id.value())
        .json(body)
        .repeatable()
        .within(deadline)
        .send();
  }

  /** Starts to remove a snapshot: {@code DELETE /snapshots/{id}}. */
  public void deleteSnapshot(CloudSnapshotId id, Deadline deadline) {
    client().call("DELETE", "/snapshots/{id}", id.value()).within(deadline).send();
  }

  /**
   * The connection data of an attachment: {@code GET /attachments/{id}} (3.27); empty where Cinder
   * is older, keeps none, or does not tell us.
   */
  public Optional<VolumeConnection> attachmentConnection(String attachmentId) {
    ServiceClient client = client();
    if (!client.supports(ATTACHMENTS)) {
      return Optional.empty();
    }
    try {
      return BlockParser.connection(
          client
              .get("/attachments/{id}", attachmentId)
              .upTo(ATTACHMENTS)
              .fetch()
              .object("attachment")
              .object("connection_info"));
    } catch (NotFoundException | PermissionException e) {
      return Optional.empty();
    }
  }

  /**
   * The connection data that a new connection would get: {@code POST /volumes/{id}/action}, {@code
   * os-initialize_connection}. Changes nothing in RBD.
   */
  public Optional<VolumeConnection> initializeConnection(VolumeId id) {
    ObjectNode body = JsonText.object();
    ObjectNode connector = body.putObject("os-initialize_connection").putObject("connector");
    connector.put("host", "sync");
    connector.put("ip", "127.0.0.1");
    connector.put("initiator", "");
    connector.put("multipath", false);
    connector.put("platform", "x86_64");
    connector.put("os_type", "linux2");
    return BlockParser.connection(
        client()
            .call("POST", "/volumes/{id}/action", id.value())
            .json(body)
            .fetch()
            .object("connection_info"));
  }

  /** The pools: {@code GET /scheduler-stats/get_pools?detail=true}, for administrators. */
  public List<StoragePool> pools() {
    return client()
        .get("/scheduler-stats/get_pools")
        .query("detail", "true")
        .fetch()
        .objects("pools")
        .stream()
        .map(BlockParser::pool)
        .toList();
  }

  /** The quota of the project: {@code GET /limits}. */
  public ProjectQuota quota() {
    return BlockParser.quota(client().get("/limits").fetch().object("limits").object("absolute"));
  }

  /**
   * The quotas of the project for each of some volume types: {@code GET
   * /os-quota-sets/{project}?usage=true}, which a project's own members may read.
   *
   * @param types names of volume types
   */
  public Map<String, SnapshotQuota> typeQuotas(String projectId, Collection<String> types) {
    Fields quotas =
        client()
            .get("/os-quota-sets/{project}", projectId)
            .query("usage", "true")
            .fetch()
            .object("quota_set");
    Map<String, SnapshotQuota> found = new LinkedHashMap<>();
    types.forEach(type -> found.put(type, BlockParser.typeQuota(quotas, type)));
    return found;
  }
}
