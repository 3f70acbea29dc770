// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.config;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.EndpointInterface;
import com.oneprocloud.sync.openstack.IdOrName;
import com.oneprocloud.sync.openstack.Scope;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The settings of one cloud, as keys and texts, and what they mean. Every fault is collected, so
 * that an operator corrects the file once.
 */
final class CloudSettings {
  private static final Map<ServiceType, List<String>> PREFIXES =
      Map.of(
          ServiceType.IDENTITY, List.of("identity"),
          ServiceType.COMPUTE, List.of("compute"),
          ServiceType.BLOCK_STORAGE,
              List.of("block_storage", "volumev3", "volumev2", "volume", "block_store"),
          ServiceType.IMAGE, List.of("image"));

  private final String name;
  private final Fields settings;
  private final Fields auth;
  private final Optional<String> region;
  private final Path workingDirectory;
  private final Path home;
  private final List<String> faults = new ArrayList<>();

  CloudSettings(
      String name,
      ObjectNode values,
      Optional<String> wantedRegion,
      Path workingDirectory,
      Path home) {
    this.name = name;
    this.workingDirectory = workingDirectory;
    this.home = home;
    this.region = chooseRegion(values, wantedRegion);
    this.settings = new Fields(values);
    this.auth = settings.object("auth");
  }

  /** The region, whose own values are put over the cloud's. */
  private Optional<String> chooseRegion(ObjectNode values, Optional<String> wanted) {
    Optional<String> chosen = wanted.or(() -> new Fields(values).text("region_name"));
    JsonNode regions = values.path("regions");
    if (!regions.isArray() || regions.isEmpty()) {
      return chosen;
    }
    List<String> known = new ArrayList<>();
    for (JsonNode region : regions) {
      String regionName = region.isTextual() ? region.textValue() : region.path("name").asText();
      known.add(regionName);
      if (chosen.isEmpty() || chosen.get().equals(regionName)) {
        if (region.path("values") instanceof ObjectNode own) {
          CloudFiles.merge(values, own);
        }
        return Optional.of(regionName);
      }
    }
    faults.add("region " + chosen.get() + " is none of the cloud's regions " + known);
    return chosen;
  }

  CloudConfig toConfig() {
    CloudConfig.Builder builder = CloudConfig.builder().name(name).region(region.orElse(null));
    authUrl().ifPresent(builder::authUrl);
    String type = authType();
    credentials(type).ifPresent(builder::credentials);
    builder.scope(scope());
    services(builder, type);
    tls(builder);
    transport(builder);
    if (!faults.isEmpty()) {
      throw new SyncException(
          failed("read cloud configuration", "cloud " + name)
              .because("%s", String.join("; ", faults))
              .advice("Correct clouds.yaml, secure.yaml or the OS_ variables"));
    }
    return builder.build();
  }

  /** A value; one outside of {@code auth} beats the one inside. */
  private Optional<String> value(String key) {
    return settings.text(key).or(() -> auth.text(key));
  }

  private Optional<String> value(String key, String alias) {
    return value(key).or(() -> value(alias));
  }

  private Optional<URI> authUrl() {
    Optional<String> text =
        value("auth_url").map(it -> it.replace("{region_name}", region.orElse("")));
    if (text.isEmpty()) {
      faults.add("auth_url is missing");
      return Optional.empty();
    }
    return url("auth_url", text.get());
  }

  private Optional<URI> url(String key, String text) {
    try {
      URI url = URI.create(text.strip());
      if (url.getHost() != null
          && ("http".equals(url.getScheme()) || "https".equals(url.getScheme()))) {
        return Optional.of(url);
      }
    } catch (IllegalArgumentException e) {
      // Said below, without the text: it may hold a password.
    }
    faults.add(key + " is no http or https URL");
    return Optional.empty();
  }

  private String authType() {
    Optional<String> told = value("auth_type", "auth_plugin");
    if (told.isPresent() && !told.get().equals("None")) {
      return told.get().toLowerCase(Locale.ROOT);
    }
    if (value("application_credential_secret").isPresent()) {
      return "v3applicationcredential";
    }
    return value("token", "auth_token").isPresent() && value("password").isEmpty()
        ? "token"
        : "password";
  }

  private Optional<Credentials> credentials(String type) {
    return switch (type) {
      case "password", "v2password", "v3password" -> password();
      case "token", "v2token", "v3token" -> token();
      case "v3applicationcredential", "v3_application_credential", "application_credential" ->
          applicationCredential();
      default -> {
        faults.add(
            "auth_type "
                + type
                + " is not supported; password, token and v3applicationcredential are");
        yield Optional.empty();
      }
    };
  }

  private Optional<Credentials> token() {
    Optional<String> token = value("token", "auth_token");
    missing(token, "token");
    return token.map(Credentials::token);
  }

  private Optional<Credentials> password() {
    Optional<IdOrName> user = user();
    Optional<String> password = value("password");
    missing(user, "username or user_id");
    missing(password, "password");
    if (user.isEmpty() || password.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Credentials.Password(user.get(), domain("user_domain"), password.get()));
  }

  private Optional<Credentials> applicationCredential() {
    Optional<String> secret = value("application_credential_secret");
    Optional<IdOrName> credential =
        idOrName(value("application_credential_id"), value("application_credential_name"));
    Optional<IdOrName> user = user();
    missing(secret, "application_credential_secret");
    missing(credential, "application_credential_id or application_credential_name");
    if (secret.isEmpty() || credential.isEmpty()) {
      return Optional.empty();
    }
    if (credential.get().kind() == IdOrName.Kind.ID) {
      return Optional.of(Credentials.applicationCredential(credential.get().value(), secret.get()));
    }
    missing(user, "username or user_id (the credential is given by name)");
    return user.map(
        it ->
            new Credentials.ApplicationCredential(
                credential.get(), user, domain("user_domain"), secret.get()));
  }

  private Optional<IdOrName> user() {
    return idOrName(value("user_id", "userid"), value("username", "user_name"));
  }

  private void missing(Optional<?> value, String what) {
    if (value.isEmpty()) {
      faults.add(what + " is missing");
    }
  }

  private static Optional<IdOrName> idOrName(Optional<String> id, Optional<String> name) {
    return id.map(IdOrName::id).or(() -> name.map(IdOrName::name));
  }

  private Optional<IdOrName> project() {
    return idOrName(value("project_id", "tenant_id"), value("project_name", "tenant_name"));
  }

  /** A domain of its own, or the one that stands for all of them. */
  private Optional<IdOrName> domain(String which) {
    Optional<IdOrName> own = idOrName(value(which + "_id"), value(which + "_name"));
    Optional<IdOrName> common =
        project().isPresent()
            ? idOrName(value("domain_id"), value("domain_name"))
            : Optional.empty();
    return own.or(() -> common)
        .or(
            () ->
                idOrName(
                    value("default_domain_id", "default_domain"), value("default_domain_name")));
  }

  private Scope scope() {
    Optional<String> trust = value("trust_id");
    if (trust.isPresent()) {
      return Scope.trust(trust.get());
    }
    Optional<IdOrName> project = project();
    if (project.isPresent()) {
      return new Scope.Project(project.get(), domain("project_domain"));
    }
    if (value("system_scope").isPresent()) {
      return Scope.system();
    }
    return idOrName(value("domain_id"), value("domain_name"))
        .<Scope>map(Scope::domain)
        .orElseGet(Scope::byDefault);
  }

  private void services(CloudConfig.Builder builder, String authType) {
    value("interface", "endpoint_type")
        .flatMap(it -> parsed("interface", it, EndpointInterface::of))
        .ifPresent(builder::endpointInterface);
    for (ServiceType type : ServiceType.values()) {
      setting(type, "_endpoint_override", "_endpoint")
          .flatMap(it -> url(type + " endpoint override", it))
          .ifPresent(it -> builder.endpointOverride(type, it));
      setting(type, "_interface", "_endpoint_type")
          .flatMap(it -> parsed(type + " interface", it, EndpointInterface::of))
          .ifPresent(it -> builder.endpointInterface(type, it));
      setting(type, "_service_name", "_service_name")
          .ifPresent(it -> builder.serviceName(type, it));
      setting(type, "_service_type", "_service_type")
          .ifPresent(it -> builder.serviceType(type, it));
      setting(type, "_api_version", "_api_version")
          .flatMap(it -> parsed(type + " API version", it, CloudSettings::major))
          .ifPresent(it -> builder.apiVersion(type, it));
    }
    if (authType.startsWith("v2")) {
      builder.apiVersion(ServiceType.IDENTITY, 2);
    } else if (authType.startsWith("v3")) {
      builder.apiVersion(ServiceType.IDENTITY, 3);
    }
  }

  private Optional<String> setting(ServiceType type, String suffix, String alias) {
    for (String prefix : PREFIXES.getOrDefault(type, List.of())) {
      Optional<String> value = settings.text(prefix + suffix, prefix + alias);
      if (value.isPresent()) {
        return value;
      }
    }
    return Optional.empty();
  }

  private <T> Optional<T> parsed(String what, String text, Function<String, Optional<T>> parser) {
    Optional<T> value = parser.apply(text);
    if (value.isEmpty()) {
      faults.add(what + " cannot be " + text);
    }
    return value;
  }

  private static Optional<Integer> major(String text) {
    String digits = text.strip().replaceFirst("^v", "").replaceFirst("\\..*$", "");
    return digits.matches("[1-9]") ? Optional.of(Integer.parseInt(digits)) : Optional.empty();
  }

  private void tls(CloudConfig.Builder builder) {
    boolean verify = settings.truth("verify").orElse(true);
    // verify can also be a path, as in the library underneath openstacksdk.
    Optional<String> verifyPath = settings.text("verify").filter(it -> it.contains("/"));
    boolean insecure = settings.isTrue("insecure");
    builder.verify(!insecure && (verify || verifyPath.isPresent()));
    builder.caBundle(file("cacert", value("cacert").or(() -> verifyPath)).orElse(null));
    Optional<Path> certificate = file("cert", value("cert"));
    Optional<Path> key = file("key", value("key"));
    if (certificate.isPresent()) {
      builder.clientCertificate(certificate.get(), key.orElse(null));
    } else if (key.isPresent()) {
      faults.add("key is given without cert");
    }
  }

  private Optional<Path> file(String key, Optional<String> text) {
    Optional<Path> path =
        text.map(
            it ->
                it.startsWith("~/") ? home.resolve(it.substring(2)) : workingDirectory.resolve(it));
    path.filter(it -> !Files.isReadable(it))
        .ifPresent(it -> faults.add(key + " " + it + " cannot be read"));
    return path;
  }

  private void transport(CloudConfig.Builder builder) {
    value("api_timeout")
        .flatMap(it -> parsed("api_timeout", it, CloudSettings::seconds))
        .filter(it -> !it.isZero())
        .ifPresent(builder::readTimeout);
    settings
        .text("status_code_retries", "connect_retries")
        .flatMap(it -> parsed("retries", it, CloudSettings::count))
        .ifPresent(builder::retries);
    value("proxy")
        .flatMap(it -> url("proxy", it))
        .ifPresent(
            it -> {
              if (it.getPort() < 0) {
                faults.add("proxy has no port");
              } else {
                builder.proxy(it);
              }
            });
    settings
        .map("host_addresses")
        .forEach(
            (host, address) -> {
              // An address only: a name would be asked of the resolver that does not know it.
              if (!address.matches("[0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")) {
                faults.add("host_addresses: " + address + " is no address");
                return;
              }
              try {
                builder.hostAddress(host, InetAddress.getByName(address));
              } catch (UnknownHostException e) {
                faults.add("host_addresses: " + address + " is no address");
              }
            });
  }

  private static Optional<Duration> seconds(String text) {
    try {
      double seconds = Double.parseDouble(text);
      return seconds < 0 || seconds > 86_400
          ? Optional.empty()
          : Optional.of(Duration.ofMillis((long) (seconds * 1000)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<Integer> count(String text) {
    return text.matches("\\d{1,3}") ? Optional.of(Integer.parseInt(text)) : Optional.empty();
  }
}
