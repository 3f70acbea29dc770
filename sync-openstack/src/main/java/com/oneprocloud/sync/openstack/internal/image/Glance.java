// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.image;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.service.Listing;
import com.oneprocloud.sync.openstack.internal.service.ServiceClient;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Glance's API v2 as far as we need it. Thread-safe. */
public final class Glance {
  /** What is an attribute of every image; the rest of the flat record is its own properties. */
  private static final Set<String> ATTRIBUTES =
      Set.of(
          "id",
          "name",
          "status",
          "size",
          "virtual_size",
          "min_disk",
          "min_ram",
          "disk_format",
          "container_format",
          "visibility",
          "owner",
          "created_at",
          "updated_at",
          "checksum",
          "os_hash_algo",
          "os_hash_value",
          "os_hidden",
          "protected",
          "tags",
          "self",
          "file",
          "schema",
          "direct_url",
          "locations",
          "stores",
          "members",
          "properties");

  /** Glance gives 25 unless asked for more. */
  private static final int PAGE = 1000;

  private final Session session;

  /** Glance of a session. */
  public Glance(Session session) {
    this.session = session;
  }

  private ServiceClient client() {
    return session.service(ServiceType.IMAGE);
  }

  /** Whether every image has something of that name, so that it cannot be a property. */
  public static boolean isAttribute(String name) {
    return ATTRIBUTES.contains(name);
  }

  /** The images that the user may see: {@code GET /v2/images}. */
  public List<CloudImage> images(Map<String, String> query) {
    Listing<CloudImage> listing =
        new Listing<>(client(), "/images", "images", Glance::image).pagesOf(PAGE);
    query.forEach(listing::query);
    return listing.fetch();
  }

  /** One image: {@code GET /v2/images/{id}}. */
  public CloudImage image(String id) {
    return image(client().get("/images/{id}", id).fetch());
  }

  /** One image; empty if there is none. */
  public Optional<CloudImage> findImage(String id) {
    try {
      return Optional.of(image(id));
    } catch (NotFoundException e) {
      return Optional.empty();
    }
  }

  /** Removes an image; does nothing if there is none: {@code DELETE /v2/images/{id}}. */
  public void delete(String id) {
    try {
      client().call("DELETE", "/images/{id}", id).send();
    } catch (NotFoundException e) {
      // Gone is gone.
    }
  }

  /** An image of v2, whose properties are flat, or of v1, where they are an object. */
  static CloudImage image(Fields it) {
    Map<String, String> properties = new LinkedHashMap<>(it.map("properties"));
    it.asMap()
        .forEach(
            (name, value) -> {
              if (!ATTRIBUTES.contains(name)) {
                properties.put(name, value);
              }
            });
    return new CloudImage(
        it.text("id").orElse("unknown"),
        it.text("name").orElse(""),
        it.text("status").orElse("unknown").toLowerCase(Locale.ROOT),
        it.number("size"),
        it.number("virtual_size"),
        it.number("min_disk").orElse(0),
        it.number("min_ram").orElse(0),
        it.text("disk_format"),
        it.text("visibility"),
        it.text("owner"),
        properties,
        it.instant("created_at"));
  }
}
