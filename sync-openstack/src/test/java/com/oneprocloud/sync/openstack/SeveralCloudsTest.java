// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.PROJECT;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.internal.fake.FakeCloud;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Clouds of different releases and with different content under one user's name and one project's
 * id, used by many threads of one process at once.
 */
class SeveralCloudsTest {
  private static final int THREADS = 12;
  private static final int CALLS = 40;

  private final List<Member> members =
      List.of(new Member("new", "2.69"), new Member("old", "2.40"), new Member("older", ""));

  @AfterEach
  void close() {
    members.forEach(Member::close);
  }

  @Test
  void nothingIsMixedUp() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Random random = new Random(seed + i);
        work.add(
            () -> {
              for (int call = 0; call < CALLS; call++) {
                members.get(random.nextInt(members.size())).use(random);
              }
              return null;
            });
      }
      for (Future<Void> each : threads.invokeAll(work)) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    members.forEach(Member::assertOnlyItsOwn);
  }

  /** One cloud, what it should answer, and what it should be asked. */
  private static final class Member implements AutoCloseable {
    private final String name;
    private final String expectedMicroversion;
    private final FakeCloud fake;
    private final OpenStackCloud cloud;
    private final AtomicInteger refused = new AtomicInteger();

    /**
     * A cloud.
     *
     * @param expectedMicroversion the one that Nova takes; empty for none
     */
    Member(String name, String expectedMicroversion) {
      this.name = name;
      this.expectedMicroversion = expectedMicroversion;
      fake = new FakeCloud("token-of-" + name + "-");
      List<Map.Entry<String, String>> servers = new ArrayList<>();
      List<Map.Entry<String, String>> volumes = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        // The ids are the same everywhere, as after a copy of one cloud into another.
        servers.add(Map.entry("s" + i, server(i)));
        volumes.add(Map.entry("v" + i, volume(i)));
      }
      String nova = "/compute/v2.1/" + PROJECT;
      String cinder = "/volume/v3/" + PROJECT;
      onNova(nova + "/servers/detail", fake.paged("servers", servers, 2));
      fake.onWithToken("GET", cinder + "/volumes/detail", fake.paged("volumes", volumes, 2));
      for (int i = 0; i < 5; i++) {
        String server = server(i);
        String volume = volume(i);
        onNova(nova + "/servers/s" + i, it -> json(200, "{\"server\":" + server + "}"));
        fake.onWithToken(
            "GET", cinder + "/volumes/v" + i, it -> json(200, "{\"volume\":" + volume + "}"));
      }
      cloud = OpenStackCloud.connect(fake.config().build());
    }

    private void onNova(String path, Function<RecordedRequest, MockResponse> answer) {
      fake.onWithToken(
          "GET",
          path,
          request -> {
            String version = request.getHeaders().get("X-OpenStack-Nova-API-Version");
            if (expectedMicroversion.equals(version == null ? "" : version)) {
              return answer.apply(request);
            }
            refused.incrementAndGet();
            return json(
                406,
                String.format(
                    Locale.ROOT,
                    "{\"computeFault\":{\"code\":406,\"message\":\"Version %s is not supported by the"
                        + " API.%s\"}}",
                    version,
                    expectedMicroversion.isEmpty()
                        ? ""
                        : " Minimum is 2.1 and maximum is " + expectedMicroversion + "."));
          });
    }

    private String server(int i) {
      return String.format(
          Locale.ROOT,
          """
          {"id":"s%d","name":"%s-%d","status":"ACTIVE","tenant_id":"%s","image":"",
           "flavor":{"original_name":"f","vcpus":1,"ram":1,"disk":1,"ephemeral":0,"swap":0},
           "os-extended-volumes:volumes_attached":[{"id":"v%d"}]}""",
          i,
          name,
          i,
          PROJECT,
          i);
    }

    private String volume(int i) {
      return String.format(
          Locale.ROOT,
          """
          {"id":"v%d","name":"%s-%d","status":"available","size":1,"volume_type":"%s-type"}""",
          i,
          name,
          i,
          name);
    }

    void use(Random random) {
      int i = random.nextInt(5);
      switch (random.nextInt(6)) {
        case 0 ->
            assertEquals(
                Set.of(name + "-0", name + "-1", name + "-2", name + "-3", name + "-4"),
                cloud.servers(ServerQuery.all()).stream()
                    .map(Server::name)
                    .collect(Collectors.toSet()));
        case 1 ->
            assertEquals(
                Set.of(name + "-0", name + "-1", name + "-2", name + "-3", name + "-4"),
                cloud.volumes().stream().map(Volume::name).collect(Collectors.toSet()));
        case 2 -> assertEquals(name + "-" + i, cloud.volume(VolumeId.of("v" + i)).name());
        case 3 ->
            assertEquals(
                List.of(name + "-type"),
                cloud.disks(cloud.server(ServerId.of("s" + i))).stream()
                    .map(it -> it.volume().orElseThrow().type().orElseThrow())
                    .toList());
        default -> assertEquals(name + "-" + i, cloud.server(ServerId.of("s" + i)).name());
      }
    }

    void assertOnlyItsOwn() {
      assertEquals(1, fake.logins(), name);
      int withToken = 0;
      int ofNova = 0;
      for (RecordedRequest request : fake.requests()) {
        String path = request.getUrl().encodedPath();
        String token = request.getHeaders().get("X-Auth-Token");
        if (token != null) {
          withToken++;
          assertTrue(token.startsWith("token-of-" + name + "-"), name + " was sent " + token);
        }
        if (path.contains("/servers")) {
          ofNova++;
        }
      }
      assertTrue(withToken > 0 && ofNova > 0, name + " was not asked");
      // Threads that begin together may each ask before the first one has learnt.
      int most = expectedMicroversion.equals("2.69") ? 0 : THREADS;
      assertTrue(refused.get() <= most, name + " refused " + refused);
    }

    @Override
    public void close() {
      cloud.close();
      fake.close();
    }
  }
}
