// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.Credentials;
import com.oneprocloud.sync.openstack.EndpointInterface;
import com.oneprocloud.sync.openstack.IdOrName;
import com.oneprocloud.sync.openstack.Scope;
import com.oneprocloud.sync.openstack.ServiceType;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CloudFilesTest {
  @TempDir Path directory;
  private Path home;
  private Path work;

  @BeforeEach
  void makeDirectories() throws IOException {
    home = Files.createDirectories(directory.resolve("home"));
    work = Files.createDirectories(directory.resolve("work"));
  }

  private CloudFiles files(Map<String, String> environment) {
    return new CloudFiles(environment, work, home);
  }

  private void write(Path path, String text) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private static final String TWO_CLOUDS =
      """
      clouds:
        production:
          auth:
            auth_url: https://{region_name}.cloud.example:5000/v3
            username: backup
            password: 0123
            project_name: shop
            user_domain_name: Corp
            project_domain_id: default
          regions:
            - name: north
              values: {compute_endpoint_override: "https://nova.north.example/v2.1"}
            - south
          interface: internalURL
          volume_api_version: "3"
          api_timeout: 90
          verify: no
        lab:
          auth_type: v3applicationcredential
          auth: {auth_url: "http://lab:5000", application_credential_id: ac, application_credential_secret: s}
      """;

  @Test
  void readsACloud() throws IOException {
    write(work.resolve("clouds.yaml"), TWO_CLOUDS);
    CloudConfig config = files(Map.of()).cloud("production");
    assertEquals(URI.create("https://north.cloud.example:5000/v3"), config.authUrl());
    assertEquals(
        new Credentials.Password(
            IdOrName.name("backup"), Optional.of(IdOrName.name("Corp")), "0123"),
        config.credentials());
    assertEquals(
        new Scope.Project(IdOrName.name("shop"), Optional.of(IdOrName.id("default"))),
        config.scope());
    assertEquals(Optional.of("north"), config.region());
    assertEquals(EndpointInterface.INTERNAL, config.endpointInterface(ServiceType.BLOCK_STORAGE));
    assertEquals(Optional.of(3), config.apiVersion(ServiceType.BLOCK_STORAGE));
    assertEquals(
        Optional.of(URI.create("https://nova.north.example/v2.1")),
        config.endpointOverride(ServiceType.COMPUTE));
    assertEquals(Duration.ofSeconds(90), config.readTimeout());
    assertFalse(config.verify());
    CloudConfig south = files(Map.of("OS_REGION_NAME", "south")).cloud("production");
    assertEquals(Optional.of("south"), south.region());
    assertEquals(Optional.empty(), south.endpointOverride(ServiceType.COMPUTE));
    assertThrows(
        SyncException.class, () -> files(Map.of("OS_REGION_NAME", "west")).cloud("production"));
  }

  @Test
  void secureFileIsPutOverItAndProfilesBelow() throws IOException {
    write(
        home.resolve(".config/openstack/clouds.yaml"),
        """
        clouds:
          a:
            profile: vendor
            auth: {username: u, project-id: p1}
            region_name: r1
        """);
    write(work.resolve("secure.yaml"), "clouds:\n  a:\n    auth:\n      password: \"s3cret: x\"\n");
    write(
        home.resolve(".config/openstack/clouds-public.yaml"),
        """
        public-clouds:
          vendor:
            auth: {auth_url: "https://vendor.example", user_domain_id: d9}
            region_name: r0
        """);
    CloudConfig config = files(Map.of()).cloud("a");
    assertEquals(URI.create("https://vendor.example"), config.authUrl());
    assertEquals(
        new Credentials.Password(IdOrName.name("u"), Optional.of(IdOrName.id("d9")), "s3cret: x"),
        config.credentials());
    assertEquals(Scope.projectId("p1"), config.scope());
    assertEquals(Optional.of("r1"), config.region());
  }

  @Test
  void theFirstFileWins() throws IOException {
    write(work.resolve("clouds.yaml"), TWO_CLOUDS);
    write(
        directory.resolve("mine.yaml"),
        "clouds: {only: {auth: {auth_url: 'http://x', username: u, password: p}}}");
    CloudFiles files =
        files(Map.of("OS_CLIENT_CONFIG_FILE", directory.resolve("mine.yaml").toString()));
    assertEquals("only", files.chosenCloud().name());
    NotFoundException failure =
        assertThrows(NotFoundException.class, () -> files.cloud("production"));
    assertTrue(failure.getMessage().contains("[only]"), failure.getMessage());
  }

  @Test
  void theEnvironmentChooses() throws IOException {
    write(work.resolve("clouds.yaml"), TWO_CLOUDS);
    assertEquals("lab", files(Map.of("OS_CLOUD", "lab")).chosenCloud().name());
    NotFoundException failure =
        assertThrows(NotFoundException.class, () -> files(Map.of()).chosenCloud());
    assertTrue(failure.getMessage().contains("[lab, production]"), failure.getMessage());
    CloudConfig config =
        files(
                Map.of(
                    "OS_AUTH_URL", "http://k:5000/v2.0",
                    "OS_USERNAME", "u",
                    "OS_PASSWORD", "p",
                    "OS_TENANT_NAME", "t",
                    "OS_REGION_NAME", "r",
                    "OS_ENDPOINT_TYPE", "adminURL",
                    "OS_TEST_PATH", "ignored"))
            .chosenCloud();
    assertEquals("envvars", config.name());
    assertEquals(new Scope.Project(IdOrName.name("t"), Optional.empty()), config.scope());
    assertEquals(Optional.of("r"), config.region());
    assertEquals(EndpointInterface.ADMIN, config.endpointInterface(ServiceType.COMPUTE));
  }

  @Test
  void domainsFillInAndAreAScopeOnlyWithoutAProject() throws IOException {
    write(
        work.resolve("clouds.yaml"),
        """
        clouds:
          filled: {auth: {auth_url: "http://k", username: u, password: p, project_name: x, domain_name: D}}
          scoped: {auth: {auth_url: "http://k", username: u, password: p, user_domain_id: e, domain_name: D}}
          system: {auth: {auth_url: "http://k", username: u, password: p, system_scope: all}}
          trust: {auth: {auth_url: "http://k", user_id: u, password: p, trust_id: t}}
          token: {auth: {auth_url: "http://k", token: abc, project_id: p}}
        """);
    CloudFiles files = files(Map.of());
    CloudConfig filled = files.cloud("filled");
    assertEquals(Scope.project("x", "D"), filled.scope());
    assertEquals(Credentials.password("u", "D", "p"), filled.credentials());
    assertEquals(Scope.domain(IdOrName.name("D")), files.cloud("scoped").scope());
    assertEquals(Scope.system(), files.cloud("system").scope());
    assertEquals(Scope.trust("t"), files.cloud("trust").scope());
    assertEquals(Credentials.token("abc"), files.cloud("token").credentials());
  }

  @Test
  void everyFaultIsSaidAtOnce() throws IOException {
    write(
        work.resolve("clouds.yaml"),
        """
        clouds:
          broken:
            auth: {auth_url: "ftp://k", username: u}
            interface: everywhere
            cacert: /does/not/exist.pem
            key: /does/not/exist.key
            volume_api_version: next
          federated: {auth_type: v3oidcpassword, auth: {auth_url: "http://k"}}
        """);
    SyncException failure =
        assertThrows(SyncException.class, () -> files(Map.of()).cloud("broken"));
    for (String fault :
        new String[] {
          "auth_url is no http", "password is missing", "interface cannot be everywhere",
          "exist.pem cannot be read", "key is given without cert", "API version cannot be next"
        }) {
      assertTrue(failure.getMessage().contains(fault), fault + " in " + failure.getMessage());
    }
    SyncException federated =
        assertThrows(SyncException.class, () -> files(Map.of()).cloud("federated"));
    assertTrue(federated.getMessage().contains("not supported"), federated.getMessage());
  }

  @Test
  void aBrokenFileIsToldByPlaceAndNotByContent() throws IOException {
    write(work.resolve("clouds.yaml"), "clouds:\n  a:\n    auth: {password: topsecret, [}\n");
    SyncException failure = assertThrows(SyncException.class, () -> files(Map.of()).cloud("a"));
    assertTrue(failure.getMessage().contains("line"), failure.getMessage());
    for (Throwable it = failure; it != null; it = it.getCause()) {
      assertFalse(it.toString().contains("topsecret"), it.toString());
    }
  }

  @Test
  void jsonFilesAndHostAddresses() throws IOException {
    write(
        work.resolve("clouds.json"),
        """
        {"clouds":{"e":{"auth":{"auth-url":"http://keystone.e.svc","username":"u","password":"p"},
         "host_addresses":{"keystone.e.svc":"127.0.0.1"},"status_code_retries":2}}}""");
    CloudConfig config = files(Map.of()).cloud("e");
    assertEquals(1, config.hostAddresses().get("keystone.e.svc").size());
    assertEquals(2, config.retries());
  }
}
