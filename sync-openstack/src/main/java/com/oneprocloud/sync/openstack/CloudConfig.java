// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.internal.config.CloudFiles;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to reach a cloud and as whom. Immutable; {@link #toString()} shows no secret.
 *
 * <p>Files and environment follow the conventions of openstacksdk: {@code clouds.yaml}, {@code
 * secure.yaml} and {@code clouds-public.yaml} in the working directory, the user's configuration
 * directory and {@code /etc/openstack}, or where {@code OS_CLIENT_CONFIG_FILE} points; {@code OS_*}
 * variables form a cloud of their own and do not change one from a file, except {@code
 * OS_REGION_NAME}, which chooses among its regions.
 */
public final class CloudConfig {
  private final String name;
  private final URI authUrl;
  private final Credentials credentials;
  private final Scope scope;
  private final @Nullable String region;
  private final EndpointInterface endpointInterface;
  private final Map<ServiceType, EndpointInterface> serviceInterfaces;
  private final Map<ServiceType, URI> endpointOverrides;
  private final Map<ServiceType, String> serviceNames;
  private final Map<ServiceType, String> serviceTypes;
  private final Map<ServiceType, Integer> apiVersions;
  private final Map<String, List<InetAddress>> hostAddresses;
  private final @Nullable Path caBundle;
  private final @Nullable Path clientCertificate;
  private final @Nullable Path clientKey;
  private final boolean verify;
  private final @Nullable URI proxy;
  private final Duration connectTimeout;
  private final Duration readTimeout;
  private final Duration callTimeout;
  private final int retries;
  private final int pageSize;
  private final int parallelRequests;

  private CloudConfig(Builder builder) {
    authUrl = require(builder.authUrl, "authUrl");
    credentials = require(builder.credentials, "credentials");
    scope = builder.scope;
    String host = authUrl.getHost();
    name = builder.name != null ? builder.name : host != null ? host : authUrl.toString();
    region = builder.region;
    endpointInterface = builder.endpointInterface;
    serviceInterfaces = Map.copyOf(builder.serviceInterfaces);
    endpointOverrides = Map.copyOf(builder.endpointOverrides);
    serviceNames = Map.copyOf(builder.serviceNames);
    serviceTypes = Map.copyOf(builder.serviceTypes);
    apiVersions = Map.copyOf(builder.apiVersions);
    hostAddresses = Map.copyOf(builder.hostAddresses);
    caBundle = builder.caBundle;
    clientCertificate = builder.clientCertificate;
    clientKey = builder.clientKey;
    verify = builder.verify;
    proxy = builder.proxy;
    connectTimeout = builder.connectTimeout;
    readTimeout = builder.readTimeout;
    callTimeout = builder.callTimeout;
    retries = builder.retries;
    pageSize = builder.pageSize;
    parallelRequests = builder.parallelRequests;
  }

  private static <T> T require(@Nullable T value, String what) {
    if (value == null) {
      throw new IllegalArgumentException("a cloud configuration needs " + what);
    }
    return value;
  }

  /** A builder with the defaults that it documents. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A cloud of {@code clouds.yaml}.
   *
   * @param cloud its name there
   * @throws SyncException if no file has it, or with every fault that its entry has
   */
  public static CloudConfig fromCloudsYaml(String cloud) {
    return CloudFiles.ofThisProcess().cloud(Objects.requireNonNull(cloud, "cloud"));
  }

  /**
   * A cloud of a given file, whatever the environment says. A {@code secure.yaml} beside the file
   * is read too.
   *
   * @param file the {@code clouds.yaml}
   * @param cloud its name there
   * @throws SyncException if the file does not have it, or with every fault that its entry has
   */
  public static CloudConfig fromCloudsYaml(Path file, String cloud) {
    return CloudFiles.of(file).cloud(Objects.requireNonNull(cloud, "cloud"));
  }

  /**
   * The cloud that the environment chooses: the one that {@code OS_CLOUD} names, else the one that
   * the other {@code OS_*} variables describe, else the only one in {@code clouds.yaml}.
   *
   * @throws SyncException if nothing is chosen, or with every fault that was found
   */
  public static CloudConfig fromEnvironment() {
    return CloudFiles.ofThisProcess().chosenCloud();
  }

  /** A builder that starts with these values. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** A name for people, used in messages. */
  public String name() {
    return name;
  }

  /** Keystone's URL, with or without a version. */
  public URI authUrl() {
    return authUrl;
  }

  /** Who we are. */
  public Credentials credentials() {
    return credentials;
  }

  /** What the token shall be good for. */
  public Scope scope() {
    return scope;
  }

  /** The region whose endpoints are used; empty where the cloud has only one. */
  public Optional<String> region() {
    return Optional.ofNullable(region);
  }

  /** Which endpoints of a service are used. */
  public EndpointInterface endpointInterface(ServiceType service) {
    return serviceInterfaces.getOrDefault(service, endpointInterface);
  }

  /** A service's URL that replaces the catalog's. */
  public Optional<URI> endpointOverride(ServiceType service) {
    return Optional.ofNullable(endpointOverrides.get(service));
  }

  /** The name that a service must have in the catalog, where there are several of a type. */
  public Optional<String> serviceName(ServiceType service) {
    return Optional.ofNullable(serviceNames.get(service));
  }

  /** The only catalog type under which a service is looked for. */
  public Optional<String> serviceType(ServiceType service) {
    return Optional.ofNullable(serviceTypes.get(service));
  }

  /** The major version of a service's API that must be used: 2 or 3. */
  public Optional<Integer> apiVersion(ServiceType service) {
    return Optional.ofNullable(apiVersions.get(service));
  }

  /** Addresses of host names that the resolver is not asked for; keys in lower case. */
  public Map<String, List<InetAddress>> hostAddresses() {
    return hostAddresses;
  }

  /** A PEM file with the only certificate authorities to trust. */
  public Optional<Path> caBundle() {
    return Optional.ofNullable(caBundle);
  }

  /** A PEM file with our certificate. */
  public Optional<Path> clientCertificate() {
    return Optional.ofNullable(clientCertificate);
  }

  /** A PEM file with the key of our certificate; may be the same file. */
  public Optional<Path> clientKey() {
    return Optional.ofNullable(clientKey);
  }

  /** Whether servers must prove who they are. */
  public boolean verify() {
    return verify;
  }

  /** An HTTP proxy; its user info, if any, is a secret. */
  public Optional<URI> proxy() {
    return Optional.ofNullable(proxy);
  }

  /** How long a connection may take to be made. */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /** How long an answer may be silent. */
  public Duration readTimeout() {
    return readTimeout;
  }

  /** How long one call may take, all its attempts and pauses together. */
  public Duration callTimeout() {
    return callTimeout;
  }

  /** How often a call that failed in passing is made again. */
  public int retries() {
    return retries;
  }

  /** How many entries to ask for in a page; 0 for as many as the service gives. */
  public int pageSize() {
    return pageSize;
  }

  /** How many requests may run at a time on behalf of one call. */
  public int parallelRequests() {
    return parallelRequests;
  }

  @Override
  public String toString() {
    return "CloudConfig["
        + name
        + ", "
        + withoutUserInfo(authUrl)
        + ", "
        + credentials
        + ", "
        + scope
        + (region == null ? "" : ", region " + region)
        + ", "
        + endpointInterface
        + (verify ? "" : ", certificates NOT verified")
        + (proxy == null ? "" : ", proxy " + withoutUserInfo(proxy))
        + "]";
  }

  private static String withoutUserInfo(URI uri) {
    return uri.toString().replaceFirst("//[^/@]*@", "//");
  }

  /** Collects a configuration. Not thread-safe. */
  public static final class Builder {
    private @Nullable String name;
    private @Nullable URI authUrl;
    private @Nullable Credentials credentials;
    private Scope scope = Scope.byDefault();
    private @Nullable String region;
    private EndpointInterface endpointInterface = EndpointInterface.PUBLIC;
    private final Map<ServiceType, EndpointInterface> serviceInterfaces =
        new EnumMap<>(ServiceType.class);
    private final Map<ServiceType, URI> endpointOverrides = new EnumMap<>(ServiceType.class);
    private final Map<ServiceType, String> serviceNames = new EnumMap<>(ServiceType.class);
    private final Map<ServiceType, String> serviceTypes = new EnumMap<>(ServiceType.class);
    private final Map<ServiceType, Integer> apiVersions = new EnumMap<>(ServiceType.class);
    private final Map<String, List<InetAddress>> hostAddresses = new HashMap<>();
    private @Nullable Path caBundle;
    private @Nullable Path clientCertificate;
    private @Nullable Path clientKey;
    private boolean verify = true;
    private @Nullable URI proxy;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration readTimeout = Duration.ofSeconds(60);
    private Duration callTimeout = Duration.ofMinutes(5);
    private int retries = 4;
    private int pageSize;
    private int parallelRequests = 8;

    private Builder() {}

    private Builder(CloudConfig from) {
      name = from.name;
      authUrl = from.authUrl;
      credentials = from.credentials;
      scope = from.scope;
      region = from.region;
      endpointInterface = from.endpointInterface;
      serviceInterfaces.putAll(from.serviceInterfaces);
      endpointOverrides.putAll(from.endpointOverrides);
      serviceNames.putAll(from.serviceNames);
      serviceTypes.putAll(from.serviceTypes);
      apiVersions.putAll(from.apiVersions);
      hostAddresses.putAll(from.hostAddresses);
      caBundle = from.caBundle;
      clientCertificate = from.clientCertificate;
      clientKey = from.clientKey;
      verify = from.verify;
      proxy = from.proxy;
      connectTimeout = from.connectTimeout;
      readTimeout = from.readTimeout;
      callTimeout = from.callTimeout;
      retries = from.retries;
      pageSize = from.pageSize;
      parallelRequests = from.parallelRequests;
    }

    /** A name for people; by default the host of the URL. */
    public Builder name(String name) {
      this.name = Objects.requireNonNull(name, "name");
      return this;
    }

    /** Keystone's URL, with or without a version: {@code https://cloud.example:5000/v3}. */
    public Builder authUrl(URI authUrl) {
      String scheme = authUrl.getScheme();
      if (authUrl.getHost() == null || scheme == null || !scheme.matches("(?i)https?")) {
        throw new IllegalArgumentException(
            "the URL of Keystone must be http or https with a host: " + withoutUserInfo(authUrl));
      }
      this.authUrl = authUrl;
      return this;
    }

    /** Keystone's URL, with or without a version: {@code "https://cloud.example:5000/v3"}. */
    public Builder authUrl(String authUrl) {
      return authUrl(URI.create(authUrl));
    }

    /** Who we are. */
    public Builder credentials(Credentials credentials) {
      this.credentials = Objects.requireNonNull(credentials, "credentials");
      return this;
    }

    /** What the token shall be good for; by default what Keystone chooses. */
    public Builder scope(Scope scope) {
      this.scope = Objects.requireNonNull(scope, "scope");
      return this;
    }

    /** The region; needed where the cloud has several. */
    public Builder region(@Nullable String region) {
      this.region = region;
      return this;
    }

    /** Which endpoints of the catalog to use; public by default. */
    public Builder endpointInterface(EndpointInterface endpointInterface) {
      this.endpointInterface = Objects.requireNonNull(endpointInterface, "endpointInterface");
      return this;
    }

    /** Which endpoints to use for one service. */
    public Builder endpointInterface(ServiceType service, EndpointInterface endpointInterface) {
      serviceInterfaces.put(service, endpointInterface);
      return this;
    }

    /** A URL to use for a service in place of the catalog's. */
    public Builder endpointOverride(ServiceType service, URI url) {
      endpointOverrides.put(service, url);
      return this;
    }

    /** The name that a service must have in the catalog. */
    public Builder serviceName(ServiceType service, String catalogName) {
      serviceNames.put(service, catalogName);
      return this;
    }

    /** The only catalog type under which to look for a service. */
    public Builder serviceType(ServiceType service, String catalogType) {
      serviceTypes.put(service, catalogType);
      return this;
    }

    /**
     * The major version of a service's API to use; by default the newest that the service has.
     *
     * @param major 2 or 3 (1 for block storage of Juno to Newton)
     */
    public Builder apiVersion(ServiceType service, int major) {
      apiVersions.put(service, major);
      return this;
    }

    /** Addresses of a host name that the resolver does not know: a private DNS name. */
    public Builder hostAddress(String host, InetAddress... addresses) {
      if (addresses.length == 0) {
        throw new IllegalArgumentException("no address for " + host);
      }
      hostAddresses.put(host.toLowerCase(Locale.ROOT), List.of(addresses));
      return this;
    }

    /** A PEM file with the only certificate authorities to trust, in place of the system's. */
    public Builder caBundle(@Nullable Path pem) {
      this.caBundle = pem;
      return this;
    }

    /** Our certificate and its key in PEM files, which may be one and the same. */
    public Builder clientCertificate(@Nullable Path certificate, @Nullable Path key) {
      this.clientCertificate = certificate;
      this.clientKey = key == null ? certificate : key;
      return this;
    }

    /** Whether servers must prove who they are; true by default. False is logged as a warning. */
    public Builder verify(boolean verify) {
      this.verify = verify;
      return this;
    }

    /** An HTTP proxy, {@code http://[user:password@]host:port}; by default the JVM's. */
    public Builder proxy(@Nullable URI proxy) {
      if (proxy != null && (proxy.getHost() == null || proxy.getPort() < 0)) {
        throw new IllegalArgumentException(
            "a proxy needs a host and a port: " + withoutUserInfo(proxy));
      }
      this.proxy = proxy;
      return this;
    }

    /** How long a connection may take to be made; 10 s by default. */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = positive(timeout, "connectTimeout");
      return this;
    }

    /** How long an answer may be silent; 60 s by default. */
    public Builder readTimeout(Duration timeout) {
      this.readTimeout = positive(timeout, "readTimeout");
      return this;
    }

    /** How long one call may take, with all its attempts and pauses; 5 min by default. */
    public Builder callTimeout(Duration timeout) {
      this.callTimeout = positive(timeout, "callTimeout");
      return this;
    }

    /** How often a call that failed in passing is made again; 4 by default, 0 for never. */
    public Builder retries(int retries) {
      if (retries < 0) {
        throw new IllegalArgumentException("retries is negative: " + retries);
      }
      this.retries = retries;
      return this;
    }

    /** How many entries to ask for in a page; 0, the default, for as many as the service gives. */
    public Builder pageSize(int pageSize) {
      if (pageSize < 0) {
        throw new IllegalArgumentException("pageSize is negative: " + pageSize);
      }
      this.pageSize = pageSize;
      return this;
    }

    /** How many requests may run at a time on behalf of one call; 8 by default. */
    public Builder parallelRequests(int parallelRequests) {
      if (parallelRequests < 1) {
        throw new IllegalArgumentException("parallelRequests is not positive: " + parallelRequests);
      }
      this.parallelRequests = parallelRequests;
      return this;
    }

    private static Duration positive(Duration timeout, String what) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException(what + " is not positive: " + timeout);
      }
      return timeout;
    }

    /**
     * The configuration.
     *
     * @throws IllegalArgumentException if the URL or the credentials are missing
     */
    public CloudConfig build() {
      return new CloudConfig(this);
    }
  }
}
