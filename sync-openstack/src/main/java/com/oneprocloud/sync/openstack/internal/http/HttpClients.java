// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.ConnectionPool;
import okhttp3.ConnectionSpec;
import okhttp3.Credentials;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The OkHttp clients of a cloud, made out of its configuration: one for http and one for https,
 * which share their connections. Thread-safe.
 */
final class HttpClients {
  private static final Logger LOG = LoggerFactory.getLogger(HttpClients.class);

  private final OkHttpClient plain;

  /** Made for the first https URL: to read the authorities that this JVM trusts takes a while. */
  private @Nullable OkHttpClient secure;

  /** Reads what the configuration names, so that a wrong file is told of at once. */
  HttpClients(CloudConfig config) {
    plain = plain(config);
    boolean own =
        config.caBundle().isPresent() || config.clientCertificate().isPresent() || !config.verify();
    if (own) {
      secure = secure(plain, config);
    }
  }

  /** The client that can talk to a URL. */
  OkHttpClient client(HttpUrl url) {
    return url.isHttps() ? secure() : plain;
  }

  /** The same for answers that take minutes. */
  OkHttpClient patientClient(HttpUrl url, Duration atLeast) {
    OkHttpClient client = client(url);
    Duration now = Duration.ofMillis(client.readTimeoutMillis());
    return now.compareTo(atLeast) >= 0 ? client : client.newBuilder().readTimeout(atLeast).build();
  }

  /** The connections of all clients. */
  ConnectionPool connections() {
    return plain.connectionPool();
  }

  private synchronized OkHttpClient secure() {
    if (secure == null) {
      secure = overTls(plain).build();
    }
    return secure;
  }

  private static OkHttpClient plain(CloudConfig config) {
    OkHttpClient.Builder builder =
        new OkHttpClient.Builder()
            // Both would hand the token to whoever we are sent to.
            .followRedirects(false)
            .followSslRedirects(false)
            .connectTimeout(config.connectTimeout())
            .readTimeout(config.readTimeout())
            .writeTimeout(config.readTimeout())
            .connectionPool(new ConnectionPool(config.parallelRequests(), 30, TimeUnit.SECONDS))
            .connectionSpecs(List.of(ConnectionSpec.CLEARTEXT));
    if (!config.hostAddresses().isEmpty()) {
      builder.dns(dns(config.hostAddresses()));
    }
    config.proxy().ifPresent(proxy -> useProxy(builder, proxy));
    return builder.build();
  }

  private static Dns dns(Map<String, List<InetAddress>> known) {
    return host -> {
      List<InetAddress> addresses = known.get(host.toLowerCase(Locale.ROOT));
      return addresses != null ? addresses : Dns.SYSTEM.lookup(host);
    };
  }

  private static void useProxy(OkHttpClient.Builder builder, URI proxy) {
    builder.proxy(
        new Proxy(
            Proxy.Type.HTTP, InetSocketAddress.createUnresolved(proxy.getHost(), proxy.getPort())));
    String userInfo = proxy.getRawUserInfo();
    if (userInfo != null) {
      int colon = userInfo.indexOf(':');
      String user = colon < 0 ? userInfo : userInfo.substring(0, colon);
      String password = colon < 0 ? "" : userInfo.substring(colon + 1);
      String credential =
          Credentials.basic(
              URLDecoder.decode(user, StandardCharsets.UTF_8),
              URLDecoder.decode(password, StandardCharsets.UTF_8));
      builder.proxyAuthenticator(
          (route, response) ->
              response.request().header("Proxy-Authorization") != null
                  ? null
                  : response
                      .request()
                      .newBuilder()
                      .header("Proxy-Authorization", credential)
                      .build());
    }
  }

  private static OkHttpClient.Builder overTls(OkHttpClient plain) {
    return plain.newBuilder().connectionSpecs(List.of(ConnectionSpec.MODERN_TLS));
  }

  private static OkHttpClient secure(OkHttpClient plain, CloudConfig config) {
    OkHttpClient.Builder builder = overTls(plain);
    try {
      X509TrustManager trust =
          config.verify()
              ? trusting(config.caBundle().map(it -> PemFile.read(it).certificates()).orElse(null))
              : new TrustsEverybody();
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys(config), new TrustManager[] {trust}, new SecureRandom());
      builder.sslSocketFactory(context.getSocketFactory(), trust);
      if (!config.verify()) {
        LOG.warn(
            "Cloud {}: server certificates are not verified (verify is false): anyone on the way"
                + " can read the credentials and the tokens",
            config.name());
        builder.hostnameVerifier((host, session) -> true);
      }
      return builder.build();
    } catch (GeneralSecurityException | IOException e) {
      throw new SyncException(
          failed("set up TLS", config.name())
              .because("%s", e)
              .advice("Check cacert, cert and key of the cloud")
              .cause(e));
    }
  }

  private static X509TrustManager trusting(@Nullable List<X509Certificate> authorities)
      throws GeneralSecurityException, IOException {
    KeyStore store = null;
    if (authorities != null) {
      store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (X509Certificate authority : authorities) {
        store.setCertificateEntry("authority-" + number++, authority);
      }
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509TrustManager trust) {
        return trust;
      }
    }
    throw new GeneralSecurityException("this JVM has no X.509 trust manager");
  }

  private static KeyManager @Nullable [] keys(CloudConfig config)
      throws GeneralSecurityException, IOException {
    if (config.clientCertificate().isEmpty() || config.clientKey().isEmpty()) {
      return null;
    }
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "client",
        PemFile.read(config.clientKey().get()).privateKey(),
        new char[0],
        PemFile.read(config.clientCertificate().get())
            .certificates()
            .toArray(new X509Certificate[0]));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, new char[0]);
    return factory.getKeyManagers();
  }

  /** Only for {@code verify: false}. */
  private static final class TrustsEverybody implements X509TrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
