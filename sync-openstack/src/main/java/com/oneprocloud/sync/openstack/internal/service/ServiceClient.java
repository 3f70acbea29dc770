// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import com.fasterxml.jackson.databind.JsonNode;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.http.Deadline;
import com.oneprocloud.sync.openstack.internal.http.Failures;
import com.oneprocloud.sync.openstack.internal.http.Reply;
import com.oneprocloud.sync.openstack.internal.http.ReplyReader;
import com.oneprocloud.sync.openstack.internal.http.Request;
import com.oneprocloud.sync.openstack.internal.http.Transport;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.identity.TokenSource;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls to one service with a token. A call that is refused with 401 is made once more with a new
 * token, and one that is refused with 406 once more with the microversion that the service names.
 * Thread-safe.
 */
public final class ServiceClient {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceClient.class);
  private static final Pattern HIGHEST = Pattern.compile("maximum is (\\d+\\.\\d+)");

  private final ServiceType type;
  private final HttpUrl base;
  private final ApiVersion version;
  private final int pageSize;
  private final Transport transport;
  private final TokenSource tokens;
  private volatile @Nullable Microversion highest;

  ServiceClient(
      ServiceType type,
      HttpUrl base,
      ApiVersion version,
      int pageSize,
      Transport transport,
      TokenSource tokens) {
    this.type = type;
    this.base = base;
    this.version = version;
    this.pageSize = pageSize;
    this.transport = transport;
    this.tokens = tokens;
    this.highest = version.highest().orElse(null);
  }

  /** The major version in use. */
  public int major() {
    return version.major();
  }

  /** Whether the service has a microversion. */
  public boolean supports(Microversion wanted) {
    Microversion known = highest;
    return known != null && known.isAtLeast(wanted);
  }

  /** The entries to ask for in a page; 0 for as many as the service gives. */
  int pageSize() {
    return pageSize;
  }

  /** The deadline that a call has by default. */
  public Deadline deadline() {
    return transport.deadline();
  }

  /**
   * A call to make.
   *
   * @param method the HTTP method
   * @param route a template like <code>/servers/{id}/action</code>
   * @param ids what goes into its braces
   */
  public Call call(String method, String route, String... ids) {
    return new Call(method, route, ids);
  }

  /** A GET. */
  public Call get(String route, String... ids) {
    return call("GET", route, ids);
  }

  /** One call, being described and then made. Not thread-safe. */
  public final class Call {
    private final String method;
    private final String route;
    private final HttpUrl.Builder url;
    private String subject;
    private @Nullable Microversion best;
    private @Nullable String json;
    private boolean patient;
    private boolean repeatable;
    private @Nullable Deadline deadline;

    private Call(String method, String route, String[] ids) {
      this.method = method;
      this.route = route;
      this.repeatable = !method.equals("POST");
      this.subject = ids.length == 0 ? "cloud " + transport.cloud() : String.join(" ", ids);
      this.url = base.newBuilder();
      int next = 0;
      for (String part : route.substring(1).split("/", -1)) {
        url.addPathSegment(part.startsWith("{") ? ids[next++] : part);
      }
    }

    /** Adds to the query. */
    public Call query(String name, Object value) {
      url.addQueryParameter(name, value.toString());
      return this;
    }

    /** Adds to the query. */
    public Call query(Map<String, String> parameters) {
      parameters.forEach(this::query);
      return this;
    }

    /** Replaces the query by the one of a link. */
    Call encodedQuery(@Nullable String query) {
      url.encodedQuery(query);
      return this;
    }

    String encodedQuery() {
      String query = url.build().encodedQuery();
      return query == null ? "" : query;
    }

    /** The newest microversion whose answers we can read; an older service gives what it has. */
    public Call upTo(Microversion microversion) {
      best = microversion;
      return this;
    }

    /** Sends this. */
    public Call json(JsonNode body) {
      json = JsonText.compact(body);
      return this;
    }

    /** Says what the call is about, for messages, where the route does not. */
    public Call about(String what) {
      subject = what;
      return this;
    }

    /** Waits minutes for the answer. */
    public Call patiently() {
      patient = true;
      return this;
    }

    /** Says that doing it twice does no more than doing it once. */
    public Call repeatable() {
      repeatable = true;
      return this;
    }

    /** Must be over by then. */
    public Call within(Deadline end) {
      deadline = end;
      return this;
    }

    /** Makes the call and reads its document. */
    public Fields fetch() {
      return exchange(reply -> JsonText.read(reply.body()));
    }

    /** Makes the call and looks at nothing but the headers. */
    public Reply send() {
      return exchange(ReplyReader.headers());
    }

    /** Makes the call. */
    public <T> T exchange(ReplyReader<T> reader) {
      Token token = tokens.token();
      boolean renewed = false;
      boolean lowered = false;
      while (true) {
        try {
          Request request = request(token.secret());
          return deadline == null
              ? transport.exchange(request, reader)
              : transport.exchange(request, reader, deadline);
        } catch (ServiceFault fault) {
          if (fault.status() == 401 && !renewed) {
            LOG.debug("{} {} was refused, getting a new token", type, route);
            renewed = true;
            token = tokens.tokenOtherThan(token);
          } else if (fault.status() == 406 && !lowered && lower(fault)) {
            lowered = true;
          } else {
            throw Failures.of(fault, subject);
          }
        }
      }
    }

    private Request request(String token) {
      Request request =
          new Request(
              type.officialName(),
              method,
              url.build(),
              route,
              Map.of(),
              token,
              json,
              repeatable,
              false,
              patient);
      Optional<Microversion> chosen = microversion(best);
      if (chosen.isEmpty()) {
        return request;
      }
      if (type == ServiceType.COMPUTE) {
        return request
            .withHeader("OpenStack-API-Version", "compute " + chosen.get())
            .withHeader("X-OpenStack-Nova-API-Version", chosen.get().toString());
      }
      // Cinder's name there is still the oldest of its names.
      return request.withHeader("OpenStack-API-Version", "volume " + chosen.get());
    }

    private boolean lower(ServiceFault fault) {
      Matcher matcher = HIGHEST.matcher(fault.serviceMessage());
      Optional<Microversion> told =
          matcher.find() ? Microversion.parse(matcher.group(1)) : Optional.empty();
      if (best == null) {
        return false;
      }
      LOG.debug(
          "{} has microversions only up to {}",
          type,
          told.map(Microversion::toString).orElse("none"));
      highest = told.orElse(null); // A refusal that names no maximum: then without any.
      return true;
    }
  }

  /** The microversion that a call gets that could read one; empty where none must be sent. */
  public Optional<Microversion> microversion(@Nullable Microversion best) {
    Microversion known = highest;
    return best == null || known == null ? Optional.empty() : Optional.of(best.min(known));
  }

  /** Where calls go, for messages. */
  public String description() {
    return type + " " + version.path() + " at " + base.host() + ":" + base.port();
  }

  /** An exception that says that a listing cannot be completed. */
  SyncException unending(String route) {
    return new SyncException(
        SyncException.failed("list " + type + " " + route, "cloud " + transport.cloud())
            .because("entries vanish faster than the pages can be read")
            .advice("Try again when the cloud is less busy"));
  }
}
