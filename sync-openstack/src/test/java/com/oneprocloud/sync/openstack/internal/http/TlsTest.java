// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.SocketEffect;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS with keys made by the JDK's own keytool, and the proxy. */
class TlsTest {
  private static final char[] STORE_PASSWORD = "changeit".toCharArray();

  @TempDir static Path directory;
  private static KeyStore rsa;
  private static KeyStore ec;

  private final MockWebServer server = new MockWebServer();

  @BeforeAll
  static void makeKeys() throws Exception {
    rsa = keyStore("RSA");
    ec = keyStore("EC");
  }

  private static KeyStore keyStore(String algorithm) throws Exception {
    Path store = directory.resolve(algorithm + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "key",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=cloud.test",
                "-ext",
                "san=dns:cloud.test",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                "changeit")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(algorithm + ".log").toFile())
            .start();
    assertTrue(keytool.waitFor(60, TimeUnit.SECONDS));
    KeyStore loaded = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      loaded.load(in, STORE_PASSWORD);
    }
    return loaded;
  }

  @BeforeEach
  void start() throws Exception {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(rsa, STORE_PASSWORD);
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("client", ec.getCertificate("key"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    server.useHttps(context.getSocketFactory());
    server.start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static Path pem(String name, String... blocks) throws IOException {
    return Files.writeString(directory.resolve(name), String.join("\n", blocks));
  }

  private static String block(String kind, byte[] der) {
    return "-----BEGIN "
        + kind
        + "-----\n"
        + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)
        + "\n-----END "
        + kind
        + "-----\n";
  }

  private static String certificate(KeyStore store) throws Exception {
    Certificate certificate = store.getCertificate("key");
    return block("CERTIFICATE", certificate.getEncoded());
  }

  private static PrivateKey key(KeyStore store) throws Exception {
    return (PrivateKey) store.getKey("key", STORE_PASSWORD);
  }

  private CloudConfig.Builder config() {
    return CloudConfig.builder()
        .name("tls")
        .authUrl(URI.create("https://cloud.test:" + server.getPort()))
        .credentials(Credentials.token("t"))
        .hostAddress("cloud.test", InetAddress.getLoopbackAddress())
        .retries(0);
  }

  private boolean answers(CloudConfig config, String url) throws Exception {
    server.enqueue(new MockResponse.Builder().body("{\"ok\":true}").build());
    try (Transport transport = new Transport(config, Ticker.system(), new Secrets())) {
      return transport.exchange(
          Request.get("identity", HttpUrl.get(url), "/"),
          reply -> JsonText.read(reply.body()).isTrue("ok"));
    }
  }

  private boolean answers(CloudConfig.Builder config) throws Exception {
    return answers(config.build(), "https://cloud.test:" + server.getPort() + "/");
  }

  @Test
  void trustsTheBundleAndNobodyElse() throws Exception {
    SyncException refused = assertThrows(SyncException.class, () -> answers(config()));
    assertTrue(refused.getMessage().contains("cacert"), refused.getMessage());
    Path wrong = pem("wrong.pem", certificate(ec));
    assertThrows(SyncException.class, () -> answers(config().caBundle(wrong)));
    Path right = pem("right.pem", "a comment", certificate(ec), certificate(rsa));
    assertTrue(answers(config().caBundle(right)));
  }

  @Test
  void theNameMustBeTheCertificatesToo() throws Exception {
    CloudConfig.Builder config =
        config()
            .caBundle(pem("ca.pem", certificate(rsa)))
            .hostAddress("other.test", InetAddress.getLoopbackAddress());
    assertThrows(
        SyncException.class,
        () -> answers(config.build(), "https://other.test:" + server.getPort() + "/"));
  }

  @Test
  void trustsEverybodyOnlyWhenAskedTo() throws Exception {
    assertTrue(answers(config().verify(false)));
  }

  @Test
  void showsItsOwnCertificate() throws Exception {
    server.requireClientAuth();
    Path ca = pem("ca2.pem", certificate(rsa));
    assertThrows(SyncException.class, () -> answers(config().caBundle(ca)));
    Path both = pem("client.pem", certificate(ec), block("PRIVATE KEY", key(ec).getEncoded()));
    assertTrue(answers(config().caBundle(ca).clientCertificate(both, null)));
  }

  @Test
  void readsKeysInTheFormsOfOpenSsl() throws Exception {
    byte[] rsaPkcs8 = key(rsa).getEncoded();
    byte[] ecPkcs8 = key(ec).getEncoded();
    assertEquals(key(rsa), PemFile.read(pem("a", block("PRIVATE KEY", rsaPkcs8))).privateKey());
    // PKCS#1: what is inside the OCTET STRING of PKCS#8.
    assertEquals(
        key(rsa), PemFile.read(pem("b", block("RSA PRIVATE KEY", inner(rsaPkcs8)))).privateKey());
    assertEquals(key(ec), PemFile.read(pem("c", block("PRIVATE KEY", ecPkcs8))).privateKey());
  }

  @Test
  void readsAnEllipticKeyWithItsCurveInside() throws Exception {
    byte[] pkcs8 = key(ec).getEncoded();
    int algorithm = header(pkcs8, 0) + 3;
    int curve = header(pkcs8, algorithm);
    curve = header(pkcs8, curve) + length(pkcs8, curve); // behind the OID of elliptic keys
    byte[] oid = Arrays.copyOfRange(pkcs8, curve, header(pkcs8, curve) + length(pkcs8, curve));
    byte[] bare = inner(pkcs8);
    int number = header(bare, 0) + 3; // behind INTEGER 1
    int end = header(bare, number) + length(bare, number);
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    content.write(bare, header(bare, 0), end - header(bare, 0));
    content.write(0xa0);
    content.write(oid.length);
    content.writeBytes(oid);
    content.write(bare, end, bare.length - end);
    ByteArrayOutputStream sec1 = new ByteArrayOutputStream();
    sec1.write(0x30);
    if (content.size() >= 0x80) {
      sec1.write(0x81);
    }
    sec1.write(content.size());
    sec1.writeBytes(content.toByteArray());
    ECPrivateKey read =
        (ECPrivateKey)
            PemFile.read(pem("d", block("EC PRIVATE KEY", sec1.toByteArray()))).privateKey();
    assertEquals(((ECPrivateKey) key(ec)).getS(), read.getS());
    assertEquals(((ECPrivateKey) key(ec)).getParams().getOrder(), read.getParams().getOrder());
  }

  /** The content of the OCTET STRING at the end of PKCS#8: version, algorithm, key. */
  private static byte[] inner(byte[] pkcs8) {
    int at = header(pkcs8, 0);
    at += 3; // INTEGER 0
    at = header(pkcs8, at) + length(pkcs8, at);
    int start = header(pkcs8, at);
    return Arrays.copyOfRange(pkcs8, start, start + length(pkcs8, at));
  }

  private static int header(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
  }

  private static int length(byte[] der, int at) {
    int first = der[at + 1] & 0xff;
    if (first < 0x80) {
      return first;
    }
    int length = 0;
    for (int i = 0; i < (first & 0x7f); i++) {
      length = (length << 8) | (der[at + 2 + i] & 0xff);
    }
    return length;
  }

  @Test
  void saysWhatIsWrongWithAPemFileWithoutQuotingIt() throws Exception {
    String secret = "c2VjcmV0c2VjcmV0";
    for (String text :
        List.of(
            "nothing",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                + secret
                + "\n-----END ENCRYPTED PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY-----\n" + secret + "\n-----END PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\n" + secret + "\n-----END EC PRIVATE KEY-----")) {
      PemFile file = PemFile.read(pem("bad.pem", text));
      SyncException failure = assertThrows(SyncException.class, file::privateKey);
      assertFalse(failure.toString().contains(secret), failure.toString());
      assertThrows(SyncException.class, file::certificates);
    }
    assertThrows(SyncException.class, () -> PemFile.read(directory.resolve("missing.pem")));
  }

  @Test
  void goesThroughTheProxyAndLogsInThere() throws Exception {
    try (MockWebServer proxy = new MockWebServer()) {
      proxy.start();
      proxy.enqueue(
          new MockResponse.Builder()
              .code(407)
              .addHeader("Proxy-Authenticate", "Basic realm=\"p\"")
              .onResponseEnd(new SocketEffect.CloseSocket())
              .build());
      proxy.enqueue(new MockResponse.Builder().body("{\"ok\":true}").build());
      CloudConfig config =
          config()
              .proxy(
                  URI.create(
                      String.format(
                          Locale.ROOT, "http://user:p%%40ss@127.0.0.1:%d", proxy.getPort())))
              .build();
      assertFalse(config.toString().contains("p%40ss"), config.toString());
      assertTrue(answers(config, "http://keystone.invalid/v3"));
      proxy.takeRequest();
      assertEquals(
          "Basic "
              + Base64.getEncoder().encodeToString("user:p@ss".getBytes(StandardCharsets.UTF_8)),
          proxy.takeRequest().getHeaders().get("Proxy-Authorization"));
    }
  }
}
