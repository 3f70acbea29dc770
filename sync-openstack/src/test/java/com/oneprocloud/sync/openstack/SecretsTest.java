// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.PASSWORD;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.internal.fake.FakeBlockStorage;
import com.oneprocloud.sync.openstack.internal.fake.FakeCloud;
import com.oneprocloud.sync.openstack.internal.fake.FakeTicker;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.Test;

/** Looks for secrets in everything that the client says while all goes wrong. */
class SecretsTest {
  private static final String KEYRING = "AQBVerySecretKeyringContents==";
  private static final String PROXY_PASSWORD = "proxy-pass-word";

  @Test
  void noSecretIsInAnyLogExceptionOrText() {
    PrintStream out = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    StringBuilder said = new StringBuilder();
    List<String> secrets = new ArrayList<>(List.of(PASSWORD, KEYRING, PROXY_PASSWORD));
    // All of the client's log, at its most talkative, goes to standard error.
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (FakeCloud fake = new FakeCloud()) {
      CloudConfig config = fake.config().retries(1).build();
      said.append(config).append(config.credentials());
      said.append(
          config.toBuilder()
              .proxy(URI.create("http://u:" + PROXY_PASSWORD + "@127.0.0.1:1"))
              .build());
      said.append(Credentials.token(PASSWORD))
          .append(Credentials.applicationCredential("id", PASSWORD))
          .append(Credentials.applicationCredential("n", "u", "d", PASSWORD));
      try (OpenStackCloud cloud = OpenStackCloud.connect(config, new FakeTicker());
          Session session = new Session(config, Ticker.system())) {
        Token token = session.tokens().token();
        secrets.add(token.secret());
        said.append(token).append(cloud);
        everythingFails(fake, cloud, said);
      }
      wrongLogins(fake, config, said);
    } finally {
      System.setErr(out);
    }
    String logged = log.toString(StandardCharsets.UTF_8);
    assertTrue(logged.contains("/servers/{id}"), "the log was caught: " + logged);
    for (String secret : secrets) {
      assertFalse(said.toString().contains(secret), secret + " was said");
      assertFalse(logged.contains(secret), secret + " was logged");
    }
    assertFalse(said.toString().contains("gAAAAAB-token"), "a token was said");
    assertFalse(logged.contains("gAAAAAB-token"), "a token was logged");
  }

  private static void everythingFails(FakeCloud fake, OpenStackCloud cloud, StringBuilder said) {
    for (MockResponse answer :
        List.of(
            json(
                400,
                "{\"badRequest\":{\"message\":\"Invalid input for password: '"
                    + PASSWORD
                    + "'\"}}"),
            json(
                500,
                "{\"computeFault\":{\"message\":\"X-Auth-Token: gAAAAAB-token-1 keyring="
                    + KEYRING
                    + "\"}}"),
            FakeCloud.html(503, "<html>" + PASSWORD + "</html>"),
            json(200, "{\"server\":{\"adminPass\":\"" + PASSWORD + "\", broken"),
            FakeCloud.html(200, "<html>" + PASSWORD + " gAAAAAB-token-1</html>"),
            FakeCloud.unauthorized(),
            new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build(),
            new MockResponse.Builder()
                .code(302)
                .addHeader("Location", "http://u:" + PASSWORD + "@127.0.0.1:1/")
                .build())) {
      fake.on("GET", ".*/servers/.*", request -> answer);
      said.append(text(assertThrows(SyncException.class, () -> cloud.server(ServerId.of("s1")))));
    }
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/volumes/v1/action"),
        request ->
            json(
                200,
                "{\"connection_info\":{\"driver_volume_type\":\"rbd\",\"data\":{\"name\":\"p/i\",\"keyring\":\""
                    + KEYRING
                    + "\"}}}"));
    said.append(cloud.askConnectionOf(VolumeId.of("v1")));
  }

  private static void wrongLogins(FakeCloud fake, CloudConfig config, StringBuilder said) {
    for (MockResponse answer :
        List.of(
            json(401, "{\"error\":{\"message\":\"" + PASSWORD + " is not right\"}}"),
            json(400, "{\"error\":{\"message\":\"got {'password': '" + PASSWORD + "'}\"}}"),
            json(201, "{\"token\":{\"password\":\"" + PASSWORD + "\"}}"),
            FakeCloud.html(500, PASSWORD))) {
      fake.on("POST", "/identity/v3/auth/tokens", request -> answer);
      said.append(
          text(
              assertThrows(
                  SyncException.class,
                  () -> OpenStackCloud.connect(config, new FakeTicker()).close())));
    }
    assertEquals(0, fake.requests("GET", "/nothing").size());
  }

  private static String text(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
