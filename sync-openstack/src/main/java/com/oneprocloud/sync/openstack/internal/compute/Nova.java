// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.compute;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.http.Reply;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import com.oneprocloud.sync.openstack.internal.service.Listing;
import com.oneprocloud.sync.openstack.internal.service.Microversion;
import com.oneprocloud.sync.openstack.internal.service.ServiceClient;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Nova's API as far as we need it. Thread-safe. */
public final class Nova {
  private static final Logger LOG = LoggerFactory.getLogger(Nova.class);

  /** Embedded flavors (2.47) and partial records of cells that are down (2.69). */
  private static final Microversion SERVERS = Microversion.of(2, 69);

  private static final Microversion IMAGE_ID_IN_BODY = Microversion.of(2, 45);
  private static final Microversion EXTRA_SPECS_IN_FLAVOR = Microversion.of(2, 61);

  private final Session session;

  /** Nova of a session. */
  public Nova(Session session) {
    this.session = session;
  }

  private ServiceClient client() {
    return session.service(ServiceType.COMPUTE);
  }

  /** The servers of a query, with their flavors: {@code GET /servers/detail}. */
  public List<Server> servers(ServerQuery query) {
    Listing<Entry> listing =
        new Listing<>(client(), "/servers/detail", "servers", Entry::of).upTo(SERVERS);
    if (query.allProjects() || query.projectId().isPresent()) {
      listing.query("all_tenants", 1);
    }
    query.projectId().ifPresent(it -> listing.query("project_id", it));
    query.name().ifPresent(it -> listing.query("name", pattern(it)));
    query.status().ifPresent(it -> listing.query("status", it.toUpperCase(Locale.ROOT)));
    List<Entry> entries = new ArrayList<>();
    for (Entry entry : listing.fetch()) {
      if (selects(query, entry.server)) {
        entries.add(entry);
      }
    }
    Map<String, Flavor> flavors = flavors(entries);
    List<Server> servers = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      servers.add(entry.with(flavors));
    }
    return servers;
  }

  /** Nova reads names as regular expressions, in the dialect of its database. */
  private static String pattern(String name) {
    return "^" + name.replaceAll("[^A-Za-z0-9 _-]+", ".*") + "$";
  }

  private static boolean selects(ServerQuery query, Server server) {
    return query.name().map(it -> it.equals(server.name())).orElse(true)
        && query.status().map(it -> it.equalsIgnoreCase(server.status())).orElse(true)
        && query
            .projectId()
            .map(it -> server.projectId().map(it::equals).orElse(true))
            .orElse(true);
  }

  /** One server: {@code GET /servers/{id}}. */
  public Server server(ServerId id) {
    return server(record(id));
  }

  /** One server of a record, with its flavor. */
  public Server server(Fields record) {
    Entry entry = Entry.of(record);
    return entry.with(flavors(List.of(entry)));
  }

  /** One server as Nova tells it. */
  public Fields record(ServerId id) {
    return client().get("/servers/{id}", id.value()).upTo(SERVERS).fetch().object("server");
  }

  /** The flavors of servers that tell only an id: one list, and one call for each not in it. */
  private Map<String, Flavor> flavors(List<Entry> entries) {
    Set<String> wanted = new LinkedHashSet<>();
    for (Entry entry : entries) {
      if (entry.server.flavor().isEmpty()) {
        entry.flavorId.ifPresent(wanted::add);
      }
    }
    Map<String, Flavor> found = new HashMap<>();
    if (wanted.size() > 1) {
      // Asked with None, an administrator sees the private ones too.
      for (Flavor flavor :
          new Listing<>(client(), "/flavors/detail", "flavors", ServerParser::flavor)
              .query("is_public", "None")
              .fetch()) {
        flavor.id().ifPresent(id -> found.put(id, flavor));
      }
    }
    for (String id : wanted) {
      if (!found.containsKey(id)) {
        found.put(id, flavor(id));
      }
    }
    return found;
  }

  private Flavor flavor(String id) {
    try {
      return ServerParser.flavor(
          client().get("/flavors/{id}", id).upTo(EXTRA_SPECS_IN_FLAVOR).fetch().object("flavor"));
    } catch (NotFoundException | PermissionException e) {
      // Deleted since, or private to others; the server is none the worse for it.
      LOG.debug("Flavor {} is not there any more", id);
      return new Flavor(Optional.of(id), id, 0, 0, 0, 0, 0, Map.of());
    }
  }

  /** The ports of a server: {@code GET /servers/{id}/os-interface}; none where Nova cannot tell. */
  public List<Fields> interfaces(ServerId id) {
    try {
      return client()
          .get("/servers/{id}/os-interface", id.value())
          .fetch()
          .objects("interfaceAttachments");
    } catch (SyncException e) {
      if (ServiceFault.of(e).isEmpty()) {
        throw e;
      }
      LOG.debug("Server {}: its ports are not told: {}", id, e.getMessage());
      return List.of();
    }
  }

  /**
   * Makes an image of a server: {@code POST /servers/{id}/action}, {@code createImage}. Never
   * repeated.
   *
   * @return the image's id, where the answer told it
   */
  public Optional<String> createImage(ServerId id, String name, Map<String, String> metadata) {
    ObjectNode body = JsonText.object();
    ObjectNode action = body.putObject("createImage");
    action.put("name", name);
    ObjectNode properties = action.putObject("metadata");
    metadata.forEach(properties::put);
    return client()
        .call("POST", "/servers/{id}/action", id.value())
        .upTo(IMAGE_ID_IN_BODY)
        .json(body)
        .patiently()
        .exchange(Nova::imageId);
  }

  private static Optional<String> imageId(Reply reply) throws IOException {
    String body = new String(reply.body().readAllBytes(), StandardCharsets.UTF_8);
    Optional<String> inBody =
        body.isBlank() ? Optional.empty() : JsonText.read(body).text("image_id");
    return inBody.or(
        () ->
            reply
                .header("Location")
                .map(it -> it.substring(it.lastIndexOf('/') + 1))
                .filter(it -> it.matches("[0-9a-fA-F-]{32,36}")));
  }

  private record Entry(Server server, Optional<String> flavorId) {
    static Entry of(Fields fields) {
      return new Entry(ServerParser.server(fields), ServerParser.flavorId(fields));
    }

    Server with(Map<String, Flavor> flavors) {
      if (server.flavor().isPresent() || flavorId.isEmpty()) {
        return server;
      }
      return new Server(
          server.id(),
          server.name(),
          server.projectId(),
          server.status(),
          server.taskState(),
          Optional.ofNullable(flavors.get(flavorId.get())),
          server.imageId(),
          server.volumeIds(),
          server.addresses(),
          server.metadata(),
          server.availabilityZone(),
          server.keyName(),
          server.securityGroups(),
          server.configDrive(),
          server.host(),
          server.rootDevice(),
          server.created());
    }
  }
}
