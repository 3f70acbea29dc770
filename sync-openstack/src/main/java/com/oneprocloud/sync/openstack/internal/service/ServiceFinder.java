// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.EndpointInterface;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.http.Request;
import com.oneprocloud.sync.openstack.internal.http.Transport;
import com.oneprocloud.sync.openstack.internal.identity.Catalog;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.identity.TokenSource;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a service: its entry in the catalog and, unless that names the newest version that we know,
 * the versions behind it, and of these the best one that we know. Version documents tell versions
 * only; their links often name hosts that nobody outside can reach, so the catalog's host and path
 * stay.
 */
final class ServiceFinder {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceFinder.class);
  private static final Pattern ALIAS_VERSION = Pattern.compile("volumev(\\d)");

  private final CloudConfig config;
  private final Transport transport;
  private final TokenSource tokens;

  ServiceFinder(CloudConfig config, Transport transport, TokenSource tokens) {
    this.config = config;
    this.transport = transport;
    this.tokens = tokens;
  }

  ServiceClient find(ServiceType type) {
    Token token = tokens.token();
    List<String> urls = candidates(type, token);
    for (String url : urls) {
      EndpointUrl endpoint = EndpointUrl.parse(url, token.projectId());
      Optional<ApiVersion> version =
          type == ServiceType.IMAGE
              ? Optional.of(glance())
              : named(type, endpoint).or(() -> best(type, endpoint, token));
      if (version.isPresent()) {
        return client(type, endpoint, version.get(), token);
      }
    }
    // Nobody told a version: the catalog's own must do, without microversions.
    EndpointUrl endpoint = EndpointUrl.parse(urls.get(0), token.projectId());
    String path = endpoint.version().orElse(type == ServiceType.COMPUTE ? "v2.1" : "v3");
    LOG.debug("Cloud {}: {} tells no versions, using {}", config.name(), type, path);
    return client(
        type,
        endpoint,
        new ApiVersion(path, path, "CURRENT", Optional.empty(), Optional.empty()),
        token);
  }

  private ServiceClient client(
      ServiceType type, EndpointUrl endpoint, ApiVersion version, Token token) {
    HttpUrl base = endpoint.under(version.path());
    boolean byProject = type == ServiceType.COMPUTE || type == ServiceType.BLOCK_STORAGE;
    if (byProject && token.projectId().isPresent()) {
      base = base.newBuilder().addPathSegment(token.projectId().get()).build();
    }
    LOG.debug(
        "Cloud {}: {} at {}, microversions up to {}",
        config.name(),
        type,
        base,
        version.highest().map(Microversion::toString).orElse("none"));
    return new ServiceClient(type, base, version, config.pageSize(), transport, tokens);
  }

  /** Glance has v2 in every release, and nothing to negotiate. */
  private static ApiVersion glance() {
    return new ApiVersion("v2", "v2", "CURRENT", Optional.empty(), Optional.empty());
  }

  /**
   * The version that the endpoint itself names, if it is the newest that we know: then no document
   * could tell better, and what microversions there are the service says when it is asked for one
   * that is too new.
   */
  private Optional<ApiVersion> named(ServiceType type, EndpointUrl endpoint) {
    boolean newest =
        type == ServiceType.COMPUTE
            ? endpoint.version().filter("v2.1"::equals).isPresent()
            : endpoint.version().filter("v3"::equals).isPresent()
                && wantedBlockStorage().filter(it -> it != 3).isEmpty();
    return newest ? endpoint.version().map(ApiVersion::untold) : Optional.empty();
  }

  private Optional<Integer> wantedBlockStorage() {
    return config
        .apiVersion(ServiceType.BLOCK_STORAGE)
        .or(() -> config.serviceType(ServiceType.BLOCK_STORAGE).flatMap(ServiceFinder::implied));
  }

  private List<String> candidates(ServiceType type, Token token) {
    Optional<String> override = config.endpointOverride(type).map(Object::toString);
    if (override.isPresent()) {
      return List.of(override.get());
    }
    List<String> types = config.serviceType(type).map(List::of).orElse(type.aliases());
    EndpointInterface visibility = config.endpointInterface(type);
    List<Catalog.Endpoint> ofType =
        token.catalog().endpoints().stream()
            .filter(it -> types.contains(it.type()))
            .filter(
                it ->
                    config.serviceName(type).isEmpty()
                        || config.serviceName(type).equals(it.name()))
            .toList();
    List<Catalog.Endpoint> visible =
        ofType.stream().filter(it -> it.visibility() == visibility).toList();
    if (visible.isEmpty()) {
      throw noEndpoint(type, types, visibility, token, ofType);
    }
    Set<String> regions = new TreeSet<>();
    visible.forEach(it -> it.regionId().or(it::region).ifPresent(regions::add));
    Optional<String> wanted = config.region();
    if (wanted.isEmpty() && regions.size() > 1) {
      throw new SyncException(
          failed("choose endpoint of " + type, config.name())
              .because("the cloud has the regions %s and none is chosen", regions)
              .advice("Set the region of the cloud"));
    }
    List<Catalog.Endpoint> inRegion =
        wanted.isEmpty() ? visible : visible.stream().filter(it -> it.isIn(wanted.get())).toList();
    if (inRegion.isEmpty()) {
      throw new NotFoundException(
          failed("choose endpoint of " + type, config.name())
              .because(
                  "there is no %s endpoint in region %s, only in %s",
                  visibility, wanted.orElse(""), regions)
              .advice("Correct the region of the cloud"));
    }
    Set<String> urls = new LinkedHashSet<>();
    inRegion.stream()
        .sorted(Comparator.comparingInt(it -> types.indexOf(it.type())))
        .forEach(it -> urls.add(it.url()));
    return new ArrayList<>(urls);
  }

  private NotFoundException noEndpoint(
      ServiceType type,
      List<String> types,
      EndpointInterface visibility,
      Token token,
      List<Catalog.Endpoint> ofType) {
    if (token.catalog().endpoints().isEmpty()) {
      return new NotFoundException(
          failed("choose endpoint of " + type, config.name())
              .because("the token came without a catalog, so it is not for a project")
              .advice("Set the project of the cloud"));
    }
    if (!ofType.isEmpty()) {
      Set<EndpointInterface> others = new TreeSet<>();
      ofType.forEach(it -> others.add(it.visibility()));
      return new NotFoundException(
          failed("choose endpoint of " + type, config.name())
              .because("the catalog has no %s endpoint of it, only %s", visibility, others)
              .advice("Set the interface of the cloud"));
    }
    Set<String> present = new TreeSet<>();
    token.catalog().endpoints().forEach(it -> present.add(it.type()));
    return new NotFoundException(
        failed("choose endpoint of " + type, config.name())
            .because("the catalog has none of the types %s; it has %s", types, present)
            .advice("Override the endpoint, or check the project: catalogs differ by project"));
  }

  private Optional<ApiVersion> best(ServiceType type, EndpointUrl endpoint, Token token) {
    List<HttpUrl> documents = new ArrayList<>();
    documents.add(endpoint.root());
    endpoint.versioned().ifPresent(documents::add);
    for (HttpUrl document : documents) {
      List<ApiVersion> listed = listed(type, document, token);
      Optional<ApiVersion> best =
          type == ServiceType.COMPUTE ? bestCompute(listed) : bestBlockStorage(listed);
      if (best.isPresent()) {
        return best;
      }
    }
    return Optional.empty();
  }

  private List<ApiVersion> listed(ServiceType type, HttpUrl document, Token token) {
    Request request = Request.get(type.officialName(), document, "/");
    try {
      try {
        return versions(request);
      } catch (ServiceFault fault) {
        if (fault.status() != 401) {
          throw fault;
        }
        return versions(request.withToken(token.secret()));
      }
    } catch (ServiceFault | SyncException e) {
      // Plenty of proxies hide these documents; the service itself may well be fine.
      LOG.debug(
          "Cloud {}: no versions of {} at {}: {}", config.name(), type, document, e.getMessage());
      return List.of();
    }
  }

  private List<ApiVersion> versions(Request request) throws ServiceFault {
    return transport.exchange(request, reply -> ApiVersion.listedIn(JsonText.read(reply.body())));
  }

  private Optional<ApiVersion> bestCompute(List<ApiVersion> listed) {
    Optional<ApiVersion> modern =
        listed.stream()
            .filter(it -> it.id().toLowerCase(Locale.ROOT).equals("v2.1") && it.isUsable())
            .filter(it -> it.highest().isPresent())
            .findFirst();
    // v2.1 of Juno is EXPERIMENTAL, and v2 speaks no microversions at all.
    return modern.or(
        () -> listed.stream().filter(it -> it.path().equals("v2") && it.isUsable()).findFirst());
  }

  private Optional<ApiVersion> bestBlockStorage(List<ApiVersion> listed) {
    Optional<Integer> wanted = wantedBlockStorage();
    Optional<ApiVersion> best =
        listed.stream()
            .filter(it -> it.isUsable() && it.major() >= 1 && it.major() <= 3)
            .filter(it -> wanted.isEmpty() || wanted.get() == it.major())
            .max(Comparator.comparingInt(ApiVersion::major));
    if (best.isEmpty() && wanted.isPresent() && !listed.isEmpty()) {
      throw new UnsupportedException(
          failed("choose version of " + ServiceType.BLOCK_STORAGE, config.name())
              .because("version %d is configured, the service has %s", wanted.get(), listed)
              .advice("Leave the version out of the configuration"));
    }
    return best;
  }

  private static Optional<Integer> implied(String alias) {
    Matcher matcher = ALIAS_VERSION.matcher(alias);
    return matcher.matches() ? Optional.of(Integer.parseInt(matcher.group(1))) : Optional.empty();
  }
}
