// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.identity;

import com.oneprocloud.sync.openstack.EndpointInterface;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The endpoints that a token's project may use.
 *
 * @param endpoints the endpoints, in the catalog's order
 */
public record Catalog(List<Endpoint> endpoints) {
  /** Copies the list. */
  public Catalog {
    endpoints = List.copyOf(endpoints);
  }

  /**
   * One URL of a service.
   *
   * @param type the service's type, as the catalog has it
   * @param name the service's name
   * @param visibility whom it is for
   * @param regionId its region's id
   * @param region its region's name, which is the id wherever both exist
   * @param url the URL
   */
  public record Endpoint(
      String type,
      Optional<String> name,
      EndpointInterface visibility,
      Optional<String> regionId,
      Optional<String> region,
      String url) {
    /** Whether it is in a region. */
    public boolean isIn(String wanted) {
      return regionId.filter(wanted::equals).isPresent()
          || region.filter(wanted::equals).isPresent();
    }
  }

  /** The catalog of a v3 token: a list of services with a list of endpoints each. */
  static Catalog v3(List<Fields> services) {
    List<Endpoint> found = new ArrayList<>();
    for (Fields service : services) {
      Optional<String> type = service.text("type");
      for (Fields endpoint : service.objects("endpoints")) {
        Optional<String> url = endpoint.text("url");
        Optional<EndpointInterface> visibility =
            endpoint.text("interface").flatMap(EndpointInterface::of);
        if (type.isPresent() && url.isPresent() && visibility.isPresent()) {
          found.add(
              new Endpoint(
                  type.get(),
                  service.text("name"),
                  visibility.get(),
                  endpoint.text("region_id"),
                  endpoint.text("region"),
                  url.get()));
        }
      }
    }
    return new Catalog(found);
  }

  /** The catalog of a v2.0 token: up to three URLs in each endpoint. */
  static Catalog v2(List<Fields> services) {
    List<Endpoint> found = new ArrayList<>();
    for (Fields service : services) {
      Optional<String> type = service.text("type");
      for (Fields endpoint : service.objects("endpoints")) {
        for (Map.Entry<String, EndpointInterface> each :
            List.of(
                Map.entry("publicURL", EndpointInterface.PUBLIC),
                Map.entry("internalURL", EndpointInterface.INTERNAL),
                Map.entry("adminURL", EndpointInterface.ADMIN))) {
          Optional<String> url = endpoint.text(each.getKey());
          if (type.isPresent() && url.isPresent()) {
            found.add(
                new Endpoint(
                    type.get(),
                    service.text("name"),
                    each.getValue(),
                    Optional.empty(),
                    endpoint.text("region"),
                    url.get()));
          }
        }
      }
    }
    return new Catalog(found);
  }
}
