// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.identity;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.IdOrName;
import com.oneprocloud.sync.openstack.Scope;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.http.Failures;
import com.oneprocloud.sync.openstack.internal.http.Reply;
import com.oneprocloud.sync.openstack.internal.http.Request;
import com.oneprocloud.sync.openstack.internal.http.Secrets;
import com.oneprocloud.sync.openstack.internal.http.Transport;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import com.oneprocloud.sync.openstack.internal.service.ApiVersion;
import com.oneprocloud.sync.openstack.internal.service.EndpointUrl;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets tokens from Keystone: {@code POST /v3/auth/tokens}, or {@code POST /v2.0/tokens} where a
 * cloud has nothing newer. Thread-safe.
 */
public final class Keystone {
  private static final Logger LOG = LoggerFactory.getLogger(Keystone.class);
  private static final String NAME = ServiceType.IDENTITY.officialName();
  private static final Duration UNTOLD_LIFETIME = Duration.ofMinutes(5);

  private final CloudConfig config;
  private final Transport transport;
  private final Secrets secrets;
  private final Deque<String> recentTokens = new ArrayDeque<>();
  private volatile @Nullable Version version;

  private enum Version {
    V3,
    V2
  }

  /** Keystone of a cloud. */
  public Keystone(CloudConfig config, Transport transport, Secrets secrets) {
    this.config = config;
    this.transport = transport;
    this.secrets = secrets;
    Credentials credentials = config.credentials();
    if (credentials instanceof Credentials.Password it) {
      secrets.add(it.password());
    } else if (credentials instanceof Credentials.Token it) {
      secrets.add(it.token());
    } else if (credentials instanceof Credentials.ApplicationCredential it) {
      secrets.add(it.secret());
    }
  }

  /**
   * Gets a new token.
   *
   * @throws AuthenticationException if Keystone does not accept the credentials
   */
  public Token login() {
    EndpointUrl url = EndpointUrl.parse(config.authUrl().toString(), Optional.empty());
    Version known = version;
    List<Version> candidates = known != null ? List.of(known) : candidates(url);
    for (int i = 0; ; i++) {
      Version candidate = candidates.get(i);
      try {
        Token token = candidate == Version.V3 ? loginV3(url) : loginV2(url);
        version = candidate;
        return token;
      } catch (ServiceFault fault) {
        boolean absent = fault.status() == 404 || fault.status() == 405 || fault.status() == 410;
        if (!absent || i == candidates.size() - 1) {
          throw explain(fault);
        }
        LOG.debug("Cloud {}: no {} at {}", config.name(), candidate, url.prefix());
      }
    }
  }

  /** The versions to try, the surest first. */
  private List<Version> candidates(EndpointUrl url) {
    Optional<Integer> fixed = config.apiVersion(ServiceType.IDENTITY);
    if (fixed.isPresent()) {
      return List.of(fixed.get() == 2 ? Version.V2 : Version.V3);
    }
    if (url.major() == 3 || needsV3().isPresent()) {
      // The suffix is the user's word for it; an empty answer there lets us look further.
      return needsV3().isPresent() ? List.of(Version.V3) : List.of(Version.V3, Version.V2);
    }
    List<ApiVersion> listed = discover(url);
    boolean v3 = listed.stream().anyMatch(it -> it.major() == 3 && it.isUsable());
    boolean v2 = listed.stream().anyMatch(it -> it.major() == 2 && it.isUsable());
    if (v3) {
      return List.of(Version.V3);
    }
    if (v2) {
      return List.of(Version.V2);
    }
    return url.major() == 2 ? List.of(Version.V2, Version.V3) : List.of(Version.V3, Version.V2);
  }

  private List<ApiVersion> discover(EndpointUrl url) {
    List<HttpUrl> documents = new ArrayList<>();
    documents.add(url.root());
    url.versioned().ifPresent(documents::add);
    for (HttpUrl document : documents) {
      try {
        List<ApiVersion> listed =
            transport.exchange(
                Request.get(NAME, document, "/"),
                reply -> ApiVersion.listedIn(JsonText.read(reply.body())));
        if (!listed.isEmpty()) {
          return listed;
        }
      } catch (ServiceFault e) {
        LOG.debug(
            "Cloud {}: no versions of Keystone at {}: {}", config.name(), document, e.status());
      } catch (SyncException e) {
        if (e.getCause() instanceof IOException cause
            && cause instanceof java.net.ConnectException) {
          throw e;
        }
        LOG.debug("Cloud {}: no versions of Keystone at {}", config.name(), document, e);
      }
    }
    return List.of();
  }

  private Token loginV3(EndpointUrl url) throws ServiceFault {
    ObjectNode body = JsonText.object();
    ObjectNode auth = body.putObject("auth");
    fillIdentity(auth.putObject("identity"));
    fillScope(auth);
    long asked = transport.ticker().nanos();
    return transport.exchange(
        Request.login(
            NAME, url.under("v3", "auth", "tokens"), "/v3/auth/tokens", JsonText.compact(body)),
        reply -> {
          String secret = reply.header("X-Subject-Token").orElseThrow(Keystone::noToken);
          Fields token = JsonText.read(reply.body()).object("token");
          return remember(
              new Token(
                  secret,
                  token.object("project").text("id"),
                  token.object("project").text("name"),
                  token.object("user").text("id"),
                  names(token.objects("roles")),
                  Catalog.v3(token.objects("catalog")),
                  lifetime(token.instant("expires_at"), token.instant("issued_at"), reply),
                  asked));
        });
  }

  private void fillIdentity(ObjectNode identity) {
    Credentials credentials = config.credentials();
    if (credentials instanceof Credentials.Password it) {
      identity.putArray("methods").add("password");
      ObjectNode user = identity.putObject("password").putObject("user");
      put(user, it.user());
      if (it.user().kind() == IdOrName.Kind.NAME) {
        put(user.putObject("domain"), it.domain().orElse(IdOrName.id("default")));
      }
      user.put("password", it.password());
    } else if (credentials instanceof Credentials.Token it) {
      identity.putArray("methods").add("token");
      identity.putObject("token").put("id", it.token());
    } else if (credentials instanceof Credentials.ApplicationCredential it) {
      identity.putArray("methods").add("application_credential");
      ObjectNode credential = identity.putObject("application_credential");
      put(credential, it.credential());
      credential.put("secret", it.secret());
      if (it.user().isPresent()) {
        ObjectNode user = credential.putObject("user");
        put(user, it.user().get());
        if (it.user().get().kind() == IdOrName.Kind.NAME) {
          put(user.putObject("domain"), it.domain().orElse(IdOrName.id("default")));
        }
      }
    }
  }

  private void fillScope(ObjectNode auth) {
    if (config.credentials() instanceof Credentials.ApplicationCredential) {
      return; // It has its own, and Keystone refuses any other.
    }
    Scope scope = config.scope();
    if (scope instanceof Scope.Project it) {
      ObjectNode project = auth.putObject("scope").putObject("project");
      put(project, it.project());
      if (it.project().kind() == IdOrName.Kind.NAME) {
        put(project.putObject("domain"), it.domain().orElse(IdOrName.id("default")));
      }
    } else if (scope instanceof Scope.Domain it) {
      put(auth.putObject("scope").putObject("domain"), it.domain());
    } else if (scope instanceof Scope.Trust it) {
      auth.putObject("scope").putObject("OS-TRUST:trust").put("id", it.trustId());
    } else if (scope instanceof Scope.SystemWide) {
      auth.putObject("scope").putObject("system").put("all", true);
    }
  }

  private static void put(ObjectNode node, IdOrName it) {
    node.put(it.kind() == IdOrName.Kind.ID ? "id" : "name", it.value());
  }

  private Token loginV2(EndpointUrl url) throws ServiceFault {
    Optional<String> beyond = needsV3();
    if (beyond.isPresent()) {
      throw new UnsupportedException(
          failed("log in", config.name())
              .because("%s needs Keystone v3, and only v2.0 is there", beyond.get())
              .advice("Check the URL of Keystone, or log in with a user of the default domain"));
    }
    ObjectNode body = JsonText.object();
    ObjectNode auth = body.putObject("auth");
    if (config.credentials() instanceof Credentials.Password it) {
      ObjectNode password = auth.putObject("passwordCredentials");
      password.put(it.user().kind() == IdOrName.Kind.ID ? "userId" : "username", it.user().value());
      password.put("password", it.password());
    } else if (config.credentials() instanceof Credentials.Token it) {
      auth.putObject("token").put("id", it.token());
    }
    if (config.scope() instanceof Scope.Project it) {
      auth.put(
          it.project().kind() == IdOrName.Kind.ID ? "tenantId" : "tenantName",
          it.project().value());
    } else if (config.scope() instanceof Scope.Trust it) {
      auth.put("trust_id", it.trustId());
    }
    long asked = transport.ticker().nanos();
    return transport.exchange(
        Request.login(NAME, url.under("v2.0", "tokens"), "/v2.0/tokens", JsonText.compact(body)),
        reply -> {
          Fields access = JsonText.read(reply.body()).object("access");
          Fields token = access.object("token");
          return remember(
              new Token(
                  token.text("id").orElseThrow(Keystone::noToken),
                  token.object("tenant").text("id"),
                  token.object("tenant").text("name"),
                  access.object("user").text("id"),
                  names(access.object("user").objects("roles")),
                  Catalog.v2(access.objects("serviceCatalog")),
                  lifetime(token.instant("expires"), token.instant("issued_at"), reply),
                  asked));
        });
  }

  /** What of the configuration v2.0 cannot express. */
  private Optional<String> needsV3() {
    if (config.credentials() instanceof Credentials.ApplicationCredential) {
      return Optional.of("an application credential");
    }
    if (config.credentials() instanceof Credentials.Password it && isOther(it.domain())) {
      return Optional.of("a user of another domain than the default one");
    }
    Scope scope = config.scope();
    if (scope instanceof Scope.Domain || scope instanceof Scope.SystemWide) {
      return Optional.of("a token for a " + scope);
    }
    if (scope instanceof Scope.Project it && isOther(it.domain())) {
      return Optional.of("a project of another domain than the default one");
    }
    return Optional.empty();
  }

  private static boolean isOther(Optional<IdOrName> domain) {
    return domain.filter(it -> !it.value().toLowerCase(Locale.ROOT).equals("default")).isPresent();
  }

  /**
   * How long a token lives. Measured between two moments of Keystone's clock, so that it does not
   * matter how wrong ours is.
   */
  private static Duration lifetime(
      Optional<Instant> expires, Optional<Instant> issued, Reply reply) {
    if (expires.isEmpty()) {
      return UNTOLD_LIFETIME;
    }
    Duration byDate =
        reply.date().map(now -> Duration.between(now, expires.get())).orElse(Duration.ZERO);
    Duration byIssue =
        issued.map(from -> Duration.between(from, expires.get())).orElse(Duration.ZERO);
    // A cached token is older than this answer, so the shorter is right; a proxy's Date may be off.
    Duration shorter = byDate.compareTo(byIssue) < 0 ? byDate : byIssue;
    Duration longer = byDate.compareTo(byIssue) < 0 ? byIssue : byDate;
    Duration best = shorter.isNegative() || shorter.isZero() ? longer : shorter;
    return best.isNegative() || best.isZero() ? UNTOLD_LIFETIME : best;
  }

  private synchronized Token remember(Token token) {
    secrets.add(token.secret());
    recentTokens.addLast(token.secret());
    if (recentTokens.size() > 4) {
      secrets.remove(recentTokens.removeFirst());
    }
    LOG.debug(
        "Cloud {}: new token for project {}", config.name(), token.projectName().orElse("none"));
    return token;
  }

  private SyncException explain(ServiceFault fault) {
    if (fault.status() == 401) {
      String advice =
          config.credentials() instanceof Credentials.Token
              ? "The token that was given is not valid any more and cannot be renewed; for jobs"
                  + " longer than a token use an application credential"
              : "Check the user, the secret, the domains and the project of the cloud; a user can"
                  + " also be disabled, locked after wrong attempts, or have an expired password";
      return new AuthenticationException(
          failed(
                  "log in",
                  config.name() + " with " + config.credentials() + " for " + config.scope())
              .code(401)
              .requestId(fault.requestId().orElse(null))
              .because("%s", fault.serviceMessage())
              .advice("%s", advice)
              .cause(fault));
    }
    return Failures.of(fault, config.name());
  }

  private static IOException noToken() {
    return new IOException("Keystone's answer holds no token");
  }

  private static List<String> names(List<Fields> objects) {
    List<String> names = new ArrayList<>();
    for (Fields each : objects) {
      each.text("name").ifPresent(names::add);
    }
    return names;
  }
}
