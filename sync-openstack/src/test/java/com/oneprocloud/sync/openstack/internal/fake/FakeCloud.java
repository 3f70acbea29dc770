// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.fake;

import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.Scope;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.regex.Pattern;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;

/**
 * A cloud on one port of the loopback address, its services under path prefixes: Keystone v3 that
 * hands out numbered tokens, and whatever routes a test adds. A route that was added later comes
 * before an earlier one.
 */
public final class FakeCloud implements AutoCloseable {
  public static final String PROJECT = "3b1e2a5c9f7d4c0e8a6b1d2f3e4c5a6b";
  public static final String PASSWORD = "hunter2-very-secret";

  private record Route(
      String method, Pattern path, Function<RecordedRequest, MockResponse> answer) {}

  private final MockWebServer server = new MockWebServer();
  private final CopyOnWriteArrayList<Route> routes = new CopyOnWriteArrayList<>();
  private final CopyOnWriteArrayList<RecordedRequest> requests = new CopyOnWriteArrayList<>();
  private final Set<String> goodTokens = ConcurrentHashMap.newKeySet();
  private final AtomicInteger logins = new AtomicInteger();
  private final String tokenPrefix;
  private volatile Duration tokenLife = Duration.ofHours(1);
  private volatile Duration skew = Duration.ZERO;
  private volatile String catalog = "";

  public FakeCloud() {
    this("gAAAAAB-token-");
  }

  /**
   * A cloud whose tokens are told from those of another one.
   *
   * @param tokenPrefix what they begin with
   */
  public FakeCloud(String tokenPrefix) {
    this.tokenPrefix = tokenPrefix;
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            requests.add(request);
            return answer(request);
          }
        });
    try {
      server.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    catalog =
        String.format(
            Locale.ROOT,
            """
        [{"type":"compute","name":"nova","endpoints":[%s]},
         {"type":"block-storage","name":"cinder","endpoints":[%s]},
         {"type":"image","name":"glance","endpoints":[%s]}]""",
            endpoint(url("/compute/v2.1")),
            endpoint(url("/volume/v3/" + PROJECT)),
            endpoint(url("/image")));
    on(
        "GET",
        "/identity/",
        request ->
            json(
                300,
                """
                {"versions":{"values":[{"id":"v3.14","status":"stable","links":
                  [{"rel":"self","href":"http://internal:35357/v3/"}]}]}}"""));
    on("POST", "/identity/v3/auth/tokens", this::login);
    on(
        "GET",
        "/compute/",
        request ->
            json(
                200,
                """
                {"versions":[
                 {"id":"v2.0","status":"SUPPORTED","version":"","min_version":"","links":
                  [{"rel":"self","href":"http://internal/v2/"}]},
                 {"id":"v2.1","status":"CURRENT","version":"2.87","min_version":"2.1","links":
                  [{"rel":"self","href":"http://internal/v2.1/"}]}]}"""));
    on(
        "GET",
        "/volume/",
        request ->
            json(
                300,
                """
                {"versions":[
                 {"id":"v2.0","status":"DEPRECATED","version":"","min_version":"","links":
                  [{"rel":"self","href":"http://internal/v2/"}]},
                 {"id":"v3.0","status":"CURRENT","version":"3.62","min_version":"3.0","links":
                  [{"rel":"self","href":"http://internal/v3/"}]}]}"""));
  }

  /** A v3 endpoint of region RegionOne. */
  public static String endpoint(String url) {
    return endpoint(url, "RegionOne", "public");
  }

  public static String endpoint(String url, String region, String visibility) {
    return String.format(
        Locale.ROOT,
        """
        {"interface":"%s","region":"%s","region_id":"%s","url":"%s"}""",
        visibility,
        region,
        region,
        url);
  }

  public static MockResponse json(int status, String body) {
    return new MockResponse.Builder()
        .code(status)
        .addHeader("Content-Type", "application/json")
        .body(body)
        .build();
  }

  public static MockResponse html(int status, String body) {
    return new MockResponse.Builder()
        .code(status)
        .addHeader("Content-Type", "text/html")
        .body(body)
        .build();
  }

  private MockResponse answer(RecordedRequest request) {
    String path = request.getUrl().encodedPath();
    for (Route route : routes) {
      if (route.method.equals(request.getMethod()) && route.path.matcher(path).matches()) {
        return route.answer.apply(request);
      }
    }
    return json(404, "{\"itemNotFound\":{\"code\":404,\"message\":\"no route " + path + "\"}}");
  }

  private MockResponse login(RecordedRequest request) {
    int number = logins.incrementAndGet();
    String token = tokenPrefix + number;
    goodTokens.add(token);
    Instant now = Instant.now().plus(skew);
    return new MockResponse.Builder()
        .code(201)
        .addHeader("X-Subject-Token", token)
        .addHeader("Date", httpDate(now))
        .body(
            String.format(
                Locale.ROOT,
                """
            {"token":{"methods":["password"],"expires_at":"%s","issued_at":"%s",
             "project":{"id":"%s","name":"demo","domain":{"id":"default","name":"Default"}},
             "user":{"id":"u1","name":"demo","domain":{"id":"default","name":"Default"}},
             "roles":[{"id":"r1","name":"member"}],"catalog":%s}}""",
                now.plus(tokenLife),
                now,
                PROJECT,
                catalog))
        .build();
  }

  public static String httpDate(Instant instant) {
    return DateTimeFormatter.RFC_1123_DATE_TIME.format(
        ZonedDateTime.ofInstant(instant, ZoneOffset.UTC));
  }

  /** Adds a route that wants a good token; the path is a regular expression. */
  public FakeCloud onWithToken(
      String method, String path, Function<RecordedRequest, MockResponse> answer) {
    return on(
        method,
        path,
        request -> {
          String token = request.getHeaders().get("X-Auth-Token");
          return token != null && goodTokens.contains(token)
              ? answer.apply(request)
              : unauthorized();
        });
  }

  /** Adds a route. */
  public FakeCloud on(String method, String path, Function<RecordedRequest, MockResponse> answer) {
    routes.add(0, new Route(method, Pattern.compile(path), answer));
    return this;
  }

  /** Answers in turn; the last answer stays. */
  public static Function<RecordedRequest, MockResponse> inTurn(MockResponse... answers) {
    AtomicInteger next = new AtomicInteger();
    return request -> answers[Math.min(next.getAndIncrement(), answers.length - 1)];
  }

  public static MockResponse unauthorized() {
    return json(
        401,
        """
        {"error":{"code":401,"title":"Unauthorized",
         "message":"The request you have made requires authentication."}}""");
  }

  /** From now on no token that was given out is good. */
  public void revokeTokens() {
    goodTokens.clear();
  }

  public void tokenLife(Duration life) {
    tokenLife = life;
  }

  /** How far this cloud's clock is ahead. */
  public void skew(Duration ahead) {
    skew = ahead;
  }

  public void catalog(String json) {
    catalog = json;
  }

  public int logins() {
    return logins.get();
  }

  public String url(String path) {
    return "http://127.0.0.1:" + server.getPort() + path;
  }

  public MockWebServer server() {
    return server;
  }

  /** The requests to a path so far. */
  public List<RecordedRequest> requests(String method, String path) {
    Pattern pattern = Pattern.compile(path);
    List<RecordedRequest> found = new ArrayList<>();
    for (RecordedRequest each : requests) {
      if (each.getMethod().equals(method)
          && pattern.matcher(each.getUrl().encodedPath()).matches()) {
        found.add(each);
      }
    }
    return found;
  }

  public List<RecordedRequest> requests() {
    return List.copyOf(requests);
  }

  public CloudConfig.Builder config() {
    return CloudConfig.builder()
        .name("fake")
        .authUrl(url("/identity"))
        .credentials(Credentials.password("demo", "Default", PASSWORD))
        .scope(Scope.project("demo", "Default"));
  }

  /**
   * A list of entries, paged as Nova and Cinder do: limit, marker, and a link while there is more.
   */
  public Function<RecordedRequest, MockResponse> paged(
      String array, List<Map.Entry<String, String>> entries, int cap) {
    return request -> {
      String limitText = request.getUrl().queryParameter("limit");
      int limit = limitText == null ? cap : Math.min(cap, Integer.parseInt(limitText));
      String marker = request.getUrl().queryParameter("marker");
      int from = 0;
      if (marker != null) {
        from = -1;
        for (int i = 0; i < entries.size(); i++) {
          if (entries.get(i).getKey().equals(marker)) {
            from = i + 1;
          }
        }
        if (from < 0) {
          return json(
              400,
              "{\"badRequest\":{\"code\":400,\"message\":\"marker [" + marker + "] not found\"}}");
        }
      }
      int to = Math.min(entries.size(), from + limit);
      List<String> page = new ArrayList<>();
      for (Map.Entry<String, String> entry : entries.subList(from, to)) {
        page.add(entry.getValue());
      }
      String links = "";
      if (to - from == limit) {
        // As the real ones: a full page has a link, also when nothing follows.
        links =
            String.format(
                Locale.ROOT,
                ",\"%s_links\":[{\"rel\":\"next\",\"href\":\"http://internal:8774%s?limit=%d&marker=%s\"}]",
                array,
                request.getUrl().encodedPath(),
                limit,
                entries.get(to - 1).getKey());
      }
      return json(200, "{\"" + array + "\":[" + String.join(",", page) + "]" + links + "}");
    };
  }

  @Override
  public void close() {
    server.close();
  }
}
