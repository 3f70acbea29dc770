// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.service;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.PROJECT;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.endpoint;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.html;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.inTurn;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.QuotaExceededException;
import com.oneprocloud.sync.openstack.Scope;
import com.oneprocloud.sync.openstack.ServiceFault;
import com.oneprocloud.sync.openstack.ServiceType;
import com.oneprocloud.sync.openstack.internal.fake.FakeCloud;
import com.oneprocloud.sync.openstack.internal.fake.FakeTicker;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SessionTest {
  private final FakeCloud cloud = new FakeCloud();
  private final FakeTicker ticker = new FakeTicker();
  private final List<Session> sessions = new ArrayList<>();

  private Session session(CloudConfig.Builder config) {
    Session session = new Session(config.build(), ticker);
    sessions.add(session);
    return session;
  }

  private Session session() {
    return session(cloud.config());
  }

  private ServiceClient compute(Session session) {
    return session.service(ServiceType.COMPUTE);
  }

  private static String limits() {
    return "/compute/v2.1/" + PROJECT + "/limits";
  }

  @AfterEach
  void everyConnectionIsGivenBack() {
    for (Session session : sessions) {
      assertEquals(
          session.transport().connections(),
          session.transport().idleConnections(),
          "connections that nobody gave back");
      session.close();
      assertEquals(0, session.transport().connections());
    }
    cloud.close();
  }

  @Test
  void logsInFindsTheServiceAndSendsTheMicroversion() {
    cloud.onWithToken("GET", limits(), request -> json(200, "{\"limits\":{\"x\":1}}"));
    Fields limits =
        compute(session()).get("/limits").upTo(Microversion.of(2, 69)).fetch().object("limits");
    assertEquals(1, limits.number("x").getAsLong());
    var request = cloud.requests("GET", limits()).get(0);
    assertEquals("compute 2.69", request.getHeaders().get("OpenStack-API-Version"));
    assertEquals("2.69", request.getHeaders().get("X-OpenStack-Nova-API-Version"));
    assertEquals("application/json", request.getHeaders().get("Accept"));
    assertNull(request.getHeaders().get("Content-Type"));
    Fields auth =
        parse(cloud.requests("POST", "/identity/v3/auth/tokens").get(0).getBody().utf8())
            .object("auth");
    assertEquals(
        FakeCloud.PASSWORD,
        auth.object("identity").object("password").object("user").text("password").orElseThrow());
    assertEquals(
        "Default", auth.object("scope").object("project").object("domain").text("name").get());
  }

  private static Fields parse(String json) {
    try {
      return JsonText.read(json);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void anEndpointThatNamesTheNewestVersionNeedsNoVersionDocument() {
    Session session = session();
    assertEquals(3, session.service(ServiceType.BLOCK_STORAGE).major());
    assertEquals(2, compute(session).major());
    assertEquals(0, cloud.requests("GET", "/(compute|volume)/.*").size());
  }

  @Test
  void versionDocumentsAreReadWithoutAToken() {
    computeAt("/compute");
    compute(session());
    assertNull(cloud.requests("GET", "/compute/").get(0).getHeaders().get("X-Auth-Token"));
  }

  private void computeAt(String path) {
    cloud.catalog("[{\"type\":\"compute\",\"endpoints\":[" + endpoint(cloud.url(path)) + "]}]");
  }

  @Test
  void refusedTokenIsReplacedOnce() {
    cloud.onWithToken("GET", limits(), request -> json(200, "{}"));
    Session session = session();
    compute(session).get("/limits").fetch();
    cloud.revokeTokens();
    compute(session).get("/limits").fetch();
    assertEquals(2, cloud.logins());
  }

  @Test
  void aServiceThatRefusesEveryTokenIsAskedTwiceAndNoMore() {
    cloud.on("GET", limits(), request -> FakeCloud.unauthorized());
    Session session = session();
    AuthenticationException failure =
        assertThrows(AuthenticationException.class, () -> compute(session).get("/limits").fetch());
    assertEquals(2, cloud.requests("GET", limits()).size());
    assertEquals(2, cloud.logins());
    assertTrue(failure.getMessage().contains("requires authentication"), failure.getMessage());
  }

  @Test
  void stormOfRefusalsMakesOneLogin() throws Exception {
    int threads = 64;
    cloud.onWithToken("GET", limits(), request -> json(200, "{}"));
    Session session =
        new Session(cloud.config().parallelRequests(threads).build(), Ticker.system());
    sessions.add(session);
    compute(session).get("/limits").fetch();
    cloud.revokeTokens();
    CyclicBarrier together = new CyclicBarrier(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Fields>> results = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        Callable<Fields> call =
            () -> {
              together.await(30, TimeUnit.SECONDS);
              return compute(session).get("/limits").fetch();
            };
        results.add(pool.submit(call));
      }
      for (Future<Fields> result : results) {
        result.get(60, TimeUnit.SECONDS);
      }
    } finally {
      pool.shutdownNow();
    }
    assertEquals(2, cloud.logins(), "one at the start, one for the storm");
  }

  @Test
  void wrongPasswordIsSaidOnceAndWithoutThePassword() {
    cloud.on(
        "POST",
        "/identity/v3/auth/tokens",
        request ->
            json(
                401,
                "{\"error\":{\"code\":401,\"title\":\"Unauthorized\",\"message\":\"The password "
                    + FakeCloud.PASSWORD
                    + " is wrong\"}}"));
    Session session = session();
    AuthenticationException failure =
        assertThrows(AuthenticationException.class, () -> session.tokens().token());
    assertFalse(failure.toString().contains(FakeCloud.PASSWORD), failure.toString());
    assertEquals(1, cloud.requests("POST", "/identity/v3/auth/tokens").size());
  }

  @Test
  void clocksThatDifferDoNotMatter() {
    for (Duration skew : List.of(Duration.ofDays(-3), Duration.ofDays(3))) {
      cloud.skew(skew);
      cloud.onWithToken("GET", limits(), request -> json(200, "{}"));
      int before = cloud.logins();
      Session session = session();
      compute(session).get("/limits").fetch();
      ticker.advance(Duration.ofMinutes(57));
      compute(session).get("/limits").fetch();
      assertEquals(before + 1, cloud.logins());
      ticker.advance(Duration.ofMinutes(2));
      compute(session).get("/limits").fetch();
      assertEquals(before + 2, cloud.logins());
    }
  }

  @Test
  void applicationCredentialSendsNoScope() {
    Session session =
        session(cloud.config().credentials(Credentials.applicationCredential("ac1", "s3cret")));
    session.tokens().token();
    Fields auth =
        parse(cloud.requests("POST", "/identity/v3/auth/tokens").get(0).getBody().utf8())
            .object("auth");
    assertFalse(auth.has("scope"));
    assertEquals(
        "ac1", auth.object("identity").object("application_credential").text("id").orElseThrow());
  }

  @Test
  void trustSystemAndDomainScopesAreSentAsKeystoneWantsThem() {
    session(cloud.config().scope(Scope.trust("tr1"))).tokens().token();
    session(cloud.config().scope(Scope.system())).tokens().token();
    session(cloud.config().scope(Scope.domain(com.oneprocloud.sync.openstack.IdOrName.id("d1"))))
        .tokens()
        .token();
    List<String> scopes = new ArrayList<>();
    cloud
        .requests("POST", "/identity/v3/auth/tokens")
        .forEach(
            it ->
                scopes.add(
                    parse(it.getBody().utf8()).object("auth").node().path("scope").toString()));
    assertEquals(
        List.of(
            "{\"OS-TRUST:trust\":{\"id\":\"tr1\"}}",
            "{\"system\":{\"all\":true}}",
            "{\"domain\":{\"id\":\"d1\"}}"),
        scopes);
  }

  @Test
  void usesVersion2OfKeystoneWhereThereIsNothingElse() {
    v2Only();
    cloud.onWithToken("GET", limits(), request -> json(200, "{}"));
    cloud.on(
        "GET",
        limits(),
        request -> json(200, "{\"token\":\"" + request.getHeaders().get("X-Auth-Token") + "\"}"));
    Fields answer = compute(session()).get("/limits").fetch();
    assertEquals("v2-token", answer.text("token").orElseThrow());
    Fields auth = parse(cloud.requests("POST", "/identity/v2.0/tokens").get(0).getBody().utf8());
    assertEquals("demo", auth.object("auth").text("tenantName").orElseThrow());
  }

  private void v2Only() {
    cloud.on(
        "GET",
        "/identity/",
        request ->
            json(
                300,
                "{\"versions\":{\"values\":[{\"id\":\"v2.0\",\"status\":\"stable\",\"links\":[]}]}}"));
    cloud.on("POST", "/identity/v3/auth/tokens", request -> json(404, "{}"));
    cloud.on(
        "POST",
        "/identity/v2.0/tokens",
        request ->
            json(
                200,
                String.format(
                    Locale.ROOT,
                    """
                {"access":{"token":{"id":"v2-token","expires":"2014-01-31T15:30:58Z",
                  "issued_at":"2014-01-30T15:30:58.819584","tenant":{"id":"%s","name":"demo"}},
                 "serviceCatalog":[{"type":"compute","name":"nova","endpoints_links":[],
                   "endpoints":[{"region":"RegionOne","publicURL":"%s","id":"x"}]}],
                 "user":{"id":"u","roles":[{"name":"_member_"}]},"metadata":{"is_admin":0}}}""",
                    PROJECT,
                    cloud.url("/compute/v2/" + PROJECT))));
  }

  @Test
  void saysWhatVersion2OfKeystoneCannotDo() {
    v2Only();
    Session session =
        session(cloud.config().credentials(Credentials.password("demo", "corp", "x")));
    SyncException failure = assertThrows(SyncException.class, () -> session.tokens().token());
    // A user of another domain needs v3, and v3 is not there.
    assertTrue(failure instanceof NotFoundException || failure instanceof UnsupportedException);
  }

  @Test
  void keystoneBehindAPageThatIsNoVersionDocument() {
    cloud.on("GET", "/identity/", request -> html(200, "<html>It works!</html>"));
    session().tokens().token();
    assertEquals(1, cloud.logins());
  }

  @Test
  void queensListsVersion2OfKeystoneWithoutHavingIt() {
    cloud.on(
        "GET",
        "/identity/",
        request ->
            json(
                300,
                """
                {"versions":{"values":[{"id":"v2.0","status":"deprecated","links":[]},
                 {"id":"v3.10","status":"stable","links":[]}]}}"""));
    session().tokens().token();
    assertEquals(0, cloud.requests("POST", "/identity/v2.0/tokens").size());
  }

  @Test
  void junoNovaGetsNoMicroversion() {
    cloud.catalog(
        "[{\"type\":\"compute\",\"endpoints\":["
            + endpoint(cloud.url("/compute/v2/" + PROJECT))
            + "]}]");
    cloud.on(
        "GET",
        "/compute/",
        request ->
            json(
                200,
                """
                {"versions":[{"id":"v2.0","status":"CURRENT","links":[{"rel":"self","href":"http://x/v2/"}]},
                 {"id":"v2.1","status":"EXPERIMENTAL","links":[{"rel":"self","href":"http://x/v2.1/"}]}]}"""));
    cloud.onWithToken("GET", "/compute/v2/" + PROJECT + "/limits", request -> json(200, "{}"));
    compute(session()).get("/limits").upTo(Microversion.of(2, 69)).fetch();
    var request = cloud.requests("GET", "/compute/v2/" + PROJECT + "/limits").get(0);
    assertNull(request.getHeaders().get("OpenStack-API-Version"));
  }

  @Test
  void deadVolumeEntryOfQueensIsNotUsed() {
    cloud.catalog(
        String.format(
            Locale.ROOT,
            """
        [{"type":"volume","endpoints":[%s]},{"type":"volumev2","endpoints":[%s]},
         {"type":"volumev3","endpoints":[%s]}]""",
            endpoint(cloud.url("/dead/v1/" + PROJECT)),
            endpoint(cloud.url("/volume/v2/" + PROJECT)),
            endpoint(cloud.url("/volume/v3/" + PROJECT))));
    cloud.onWithToken("GET", "/volume/v3/" + PROJECT + "/limits", request -> json(200, "{}"));
    ServiceClient cinder = session().service(ServiceType.BLOCK_STORAGE);
    cinder.get("/limits").upTo(Microversion.of(3, 27)).fetch();
    assertEquals(3, cinder.major());
    assertEquals(
        "volume 3.27",
        cloud
            .requests("GET", "/volume/v3/" + PROJECT + "/limits")
            .get(0)
            .getHeaders()
            .get("OpenStack-API-Version"));
    assertEquals(0, cloud.requests("GET", "/dead/.*").size());
  }

  @Test
  void cinderWithOnlyOldVersions() {
    for (int version : new int[] {1, 2}) {
      cloud.catalog(
          "[{\"type\":\"volume\",\"endpoints\":["
              + endpoint(cloud.url("/volume/v" + version + "/" + PROJECT))
              + "]}]");
      cloud.on(
          "GET",
          "/volume/",
          request ->
              json(
                  200,
                  "{\"versions\":[{\"id\":\"v"
                      + version
                      + ".0\",\"status\":\"CURRENT\",\"links\":[]}]}"));
      assertEquals(version, session().service(ServiceType.BLOCK_STORAGE).major());
    }
  }

  @Test
  void servicesWithoutVersionDocumentsAreUsedAsTheCatalogHasThem() {
    computeAt("/compute");
    cloud.on("GET", "/compute/", request -> html(503, "<h1>no</h1>"));
    cloud.on("GET", "/compute/v2.1/", request -> html(404, "<h1>no</h1>"));
    cloud.onWithToken("GET", limits(), request -> json(200, "{}"));
    Session session = session(cloud.config().retries(0));
    compute(session).get("/limits").upTo(Microversion.of(2, 69)).fetch();
    assertNull(cloud.requests("GET", limits()).get(0).getHeaders().get("OpenStack-API-Version"));
  }

  @Test
  void regionsAndInterfacesAreChosenOrAskedFor() {
    cloud.catalog(
        "[{\"type\":\"compute\",\"endpoints\":["
            + endpoint(cloud.url("/compute/v2.1"), "north", "public")
            + ","
            + endpoint("http://south.invalid/v2.1", "south", "public")
            + "]}]");
    Session undecided = session();
    SyncException both = assertThrows(SyncException.class, () -> compute(undecided));
    assertTrue(both.getMessage().contains("[north, south]"), both.getMessage());
    Session wrong = session(cloud.config().region("west"));
    assertThrows(NotFoundException.class, () -> compute(wrong));
    compute(session(cloud.config().region("north")));
    Session internal =
        session(
            cloud
                .config()
                .region("north")
                .endpointInterface(com.oneprocloud.sync.openstack.EndpointInterface.INTERNAL));
    assertTrue(
        assertThrows(NotFoundException.class, () -> compute(internal))
            .getMessage()
            .contains("only [public]"));
  }

  @Test
  void overriddenEndpointsAndPrivateNames() throws Exception {
    cloud.onWithToken("GET", "/other/v2.1/" + PROJECT + "/limits", request -> json(200, "{}"));
    cloud.on(
        "GET",
        "/other/",
        request ->
            json(
                200,
                "{\"version\":{\"id\":\"v2.1\",\"status\":\"CURRENT\",\"version\":\"2.3\",\"min_version\":\"2.1\",\"links\":[]}}"));
    Session session =
        session(
            cloud
                .config()
                .endpointOverride(
                    ServiceType.COMPUTE,
                    URI.create("http://nova.cloud.internal:" + cloud.server().getPort() + "/other"))
                .hostAddress("nova.cloud.internal", InetAddress.getLoopbackAddress()));
    compute(session).get("/limits").upTo(Microversion.of(2, 69)).fetch();
    assertEquals(
        "compute 2.3",
        cloud
            .requests("GET", "/other/v2.1/" + PROJECT + "/limits")
            .get(0)
            .getHeaders()
            .get("OpenStack-API-Version"));
  }

  @Test
  void microversionThatIsTooNewIsLowered() {
    cloud.onWithToken(
        "GET",
        limits(),
        request ->
            "compute 2.53".equals(request.getHeaders().get("OpenStack-API-Version"))
                ? json(200, "{}")
                : json(
                    406,
                    """
                    {"computeFault":{"code":406,"message":"Version 2.69 is not supported by the API. Minimum is 2.1 and maximum is 2.53."}}"""));
    compute(session()).get("/limits").upTo(Microversion.of(2, 69)).fetch();
    assertEquals(2, cloud.requests("GET", limits()).size());
  }

  @Test
  void aRefusalThatNamesNoMaximumIsMetWithoutAMicroversion() {
    cloud.onWithToken(
        "GET",
        limits(),
        request ->
            request.getHeaders().get("OpenStack-API-Version") == null
                ? json(200, "{}")
                : html(406, "<h1>Not Acceptable</h1>"));
    compute(session()).get("/limits").upTo(Microversion.of(2, 69)).fetch();
    assertEquals(2, cloud.requests("GET", limits()).size());
  }

  @Test
  void waitsAsLongAsTheServiceAsks() {
    Instant now = Instant.now();
    cloud.onWithToken(
        "GET",
        limits(),
        inTurn(
            new MockResponse.Builder().code(429).addHeader("Retry-After", "7").build(),
            new MockResponse.Builder()
                .code(503)
                .addHeader("Date", FakeCloud.httpDate(now))
                .addHeader("Retry-After", FakeCloud.httpDate(now.plusSeconds(11)))
                .build(),
            json(200, "{}")));
    compute(session()).get("/limits").fetch();
    List<Duration> pauses = ticker.pauses();
    assertEquals(2, pauses.size());
    assertEquals(7, pauses.get(0).toSeconds());
    assertTrue(Math.abs(pauses.get(1).toSeconds() - 11) <= 1, pauses.toString());
  }

  @Test
  void quotasAreNotRetried() {
    MockResponse quota =
        new MockResponse.Builder()
            .code(413)
            .addHeader("Retry-After", "0")
            .body(
                """
                {"overLimit":{"code":413,"message":"SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded for quota 'snapshots'.","retryAfter":"0"}}""")
            .build();
    cloud.onWithToken("GET", limits(), request -> quota);
    Session session = session();
    assertThrows(QuotaExceededException.class, () -> compute(session).get("/limits").fetch());
    assertEquals(1, cloud.requests("GET", limits()).size());
    assertEquals(List.of(), ticker.pauses());
  }

  @Test
  void postsAreNotRepeatedAfterTheyWereSent() {
    cloud.onWithToken(
        "POST",
        limits(),
        request ->
            new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build());
    Session session = session();
    assertThrows(
        SyncException.class,
        () -> compute(session).call("POST", "/limits").json(JsonText.object()).send());
    assertEquals(1, cloud.requests("POST", limits()).size());
    cloud.onWithToken("POST", limits(), request -> json(503, "{}"));
    assertThrows(
        SyncException.class,
        () -> compute(session).call("POST", "/limits").json(JsonText.object()).send());
    assertEquals(2, cloud.requests("POST", limits()).size());
  }

  @Test
  void getsAreRepeatedWhenTheConnectionBreaks() {
    cloud.onWithToken(
        "GET",
        limits(),
        inTurn(
            new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build(),
            new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build(),
            json(200, "{\"a\":1"),
            json(502, "<html>bad gateway</html>"),
            json(200, "{\"a\":1}")));
    assertTrue(compute(session()).get("/limits").fetch().has("a"));
  }

  @Test
  void pagesThatAreNotJsonAreSaidToBe() {
    cloud.onWithToken("GET", limits(), request -> html(200, "<html>Please log in</html>"));
    Session session = session();
    SyncException failure =
        assertThrows(SyncException.class, () -> compute(session).get("/limits").fetch());
    assertTrue(failure.getMessage().contains("login page"), failure.getMessage());
    assertEquals(1, cloud.requests("GET", limits()).size());
  }

  @Test
  void slowBodiesEndAtTheDeadline() {
    cloud.onWithToken(
        "GET",
        limits(),
        request ->
            new MockResponse.Builder()
                .body("{\"a\":\"" + "x".repeat(1000) + "\"}")
                .throttleBody(1, 50, TimeUnit.MILLISECONDS)
                .build());
    Session session =
        new Session(cloud.config().callTimeout(Duration.ofMillis(400)).build(), Ticker.system());
    sessions.add(session);
    compute(session);
    assertThrows(DeadlineException.class, () -> compute(session).get("/limits").fetch());
  }

  @Test
  void silentServersEndAtTheReadTimeout() {
    cloud.onWithToken(
        "GET",
        limits(),
        request -> new MockResponse.Builder().onResponseStart(SocketEffect.Stall.INSTANCE).build());
    Session session = session(cloud.config().readTimeout(Duration.ofMillis(200)).retries(1));
    assertThrows(DeadlineException.class, () -> compute(session).get("/limits").fetch());
    assertEquals(2, cloud.requests("GET", limits()).size());
  }

  @Test
  void redirectsAreFollowedButTheTokenStaysAtHome() throws Exception {
    try (MockWebServer stranger = new MockWebServer()) {
      stranger.start();
      stranger.enqueue(json(200, "{\"who\":\"stranger\"}"));
      cloud.onWithToken(
          "GET",
          limits(),
          request ->
              new MockResponse.Builder()
                  .code(302)
                  .addHeader("Location", cloud.url("/compute/elsewhere"))
                  .build());
      cloud.onWithToken(
          "GET",
          "/compute/elsewhere",
          request ->
              new MockResponse.Builder()
                  .code(307)
                  .addHeader("Location", stranger.url("/away").toString())
                  .build());
      Fields answer = compute(session()).get("/limits").fetch();
      assertEquals("stranger", answer.text("who").orElseThrow());
      assertNull(stranger.takeRequest().getHeaders().get("X-Auth-Token"));
    }
  }

  @Test
  void credentialsDoNotFollowARedirectElsewhere() throws Exception {
    try (MockWebServer stranger = new MockWebServer()) {
      stranger.start();
      cloud.on(
          "POST",
          "/identity/v3/auth/tokens",
          request ->
              new MockResponse.Builder()
                  .code(308)
                  .addHeader("Location", stranger.url("/v3/auth/tokens").toString())
                  .build());
      Session session = session();
      assertThrows(SyncException.class, () -> session.tokens().token());
      assertEquals(0, stranger.getRequestCount());
    }
  }

  @Test
  void circlesOfRedirectsEnd() {
    cloud.onWithToken(
        "GET",
        limits(),
        request ->
            new MockResponse.Builder()
                .code(301)
                .addHeader("Location", cloud.url(limits()))
                .build());
    Session session = session();
    assertThrows(SyncException.class, () -> compute(session).get("/limits").fetch());
    assertEquals(11, cloud.requests("GET", limits()).size());
  }

  @Test
  void failuresTellServiceRouteStatusRequestIdAndMicroversion() {
    cloud.onWithToken(
        "GET",
        "/compute/v2.1/" + PROJECT + "/servers/s1",
        request ->
            new MockResponse.Builder()
                .code(404)
                .addHeader("x-compute-request-id", "req-42")
                .body(
                    "{\"itemNotFound\":{\"code\":404,\"message\":\"Instance s1 could not be found.\"}}")
                .build());
    Session session = session();
    NotFoundException failure =
        assertThrows(
            NotFoundException.class,
            () -> compute(session).get("/servers/{id}", "s1").upTo(Microversion.of(2, 3)).fetch());
    ServiceFault fault = ServiceFault.of(failure).orElseThrow();
    assertEquals("compute", fault.service());
    assertEquals("GET", fault.method());
    assertEquals("/servers/{id}", fault.route());
    assertEquals(404, fault.status());
    assertEquals("req-42", failure.requestId().orElseThrow());
    assertEquals("compute 2.3", fault.microversion().orElseThrow());
    assertEquals("Instance s1 could not be found.", fault.serviceMessage());
    assertEquals("s1", failure.subject());
    assertTrue(failure.advice().isPresent());
  }

  @Test
  void unreachableAndUnknownHostsAreTold() {
    Session refused = session(cloud.config().authUrl("http://127.0.0.1:1/v3").retries(1));
    SyncException failure = assertThrows(SyncException.class, () -> refused.tokens().token());
    assertTrue(failure.getMessage().contains("firewall"), failure.getMessage());
    Session unknown = session(cloud.config().authUrl("http://keystone.invalid/v3"));
    SyncException name = assertThrows(SyncException.class, () -> unknown.tokens().token());
    assertTrue(name.getMessage().contains("hostAddress"), name.getMessage());
  }

  @Test
  void twoCloudsDoNotMix() {
    try (FakeCloud other = new FakeCloud()) {
      cloud.onWithToken("GET", limits(), request -> json(200, "{\"cloud\":\"one\"}"));
      other.onWithToken("GET", limits(), request -> json(200, "{\"cloud\":\"two\"}"));
      Session one = session();
      Session two = session(other.config().name("other"));
      for (int i = 0; i < 3; i++) {
        assertEquals("one", compute(one).get("/limits").fetch().text("cloud").orElseThrow());
        assertEquals("two", compute(two).get("/limits").fetch().text("cloud").orElseThrow());
      }
      two.close();
      sessions.remove(two);
      assertEquals("one", compute(one).get("/limits").fetch().text("cloud").orElseThrow());
    }
  }

  private List<String> ids(Session session, String... query) {
    Listing<String> listing =
        new Listing<>(compute(session), "/servers", "servers", it -> it.text("id").orElseThrow());
    for (int i = 0; i < query.length; i += 2) {
      listing.query(query[i], query[i + 1]);
    }
    return listing.fetch();
  }

  private static List<Map.Entry<String, String>> entries(int count) {
    List<Map.Entry<String, String>> entries = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      entries.add(Map.entry("s" + i, "{\"id\":\"s" + i + "\"}"));
    }
    return entries;
  }

  private static String servers() {
    return "/compute/v2.1/" + PROJECT + "/servers";
  }

  @Test
  void readsEveryPageAlsoAnEmptyLastOne() {
    for (int count : new int[] {0, 1, 8, 9}) {
      cloud.onWithToken("GET", servers(), cloud.paged("servers", entries(count), 1000));
      List<String> ids = ids(session(cloud.config().pageSize(2)));
      assertEquals(entries(count).stream().map(Map.Entry::getKey).toList(), ids);
    }
  }

  @Test
  void startsAgainWhenAMarkerVanishes() {
    List<Map.Entry<String, String>> entries = new ArrayList<>(entries(6));
    AtomicInteger calls = new AtomicInteger();
    cloud.onWithToken(
        "GET",
        servers(),
        request -> {
          if (calls.incrementAndGet() == 2) {
            entries.remove(1); // the marker of this very request
          }
          return cloud.paged("servers", entries, 2).apply(request);
        });
    assertEquals(List.of("s0", "s2", "s3", "s4", "s5"), ids(session(cloud.config().pageSize(2))));
  }

  @Test
  void doesNotRunInCircles() {
    cloud.onWithToken(
        "GET",
        servers(),
        request ->
            json(
                200,
                "{\"servers\":[{\"id\":\"a\"}],\"servers_links\":[{\"rel\":\"next\",\"href\":\"/x?marker=a\"}]}"));
    assertEquals(List.of("a"), ids(session()));
    assertEquals(2, cloud.requests("GET", servers()).size());
  }

  @Test
  void readsLinksOfEveryForm() {
    for (String link :
        List.of(
            "\"servers_links\":[{\"rel\":\"next\",\"href\":\"https://wrong:1/y?marker=a%20b\"}]",
            "\"links\":{\"next\":\"relative?marker=a%20b\"}",
            "\"links\":[{\"rel\":\"next\",\"href\":\"?marker=a%20b\"}]",
            "\"next\":\"/v2/servers?marker=a%20b\"",
            "\"servers_links\":null,\"next\":\"?marker=a%20b#x\"")) {
      cloud.onWithToken(
          "GET",
          servers(),
          request ->
              "a b".equals(request.getUrl().queryParameter("marker"))
                  ? json(200, "{\"servers\":[{\"id\":\"b\"}],\"links\":{\"next\":null}}")
                  : json(200, "{" + link + ",\"servers\":[{\"id\":\"a\"}]}"));
      assertEquals(List.of("a", "b"), ids(session()), link);
    }
  }

  @Test
  void listsThatAreNullOrMissingAreEmpty() {
    for (String body : List.of("{}", "{\"servers\":null}", "{\"servers\":[]}")) {
      cloud.onWithToken("GET", servers(), request -> json(200, body));
      assertEquals(List.of(), ids(session()));
    }
  }
}
