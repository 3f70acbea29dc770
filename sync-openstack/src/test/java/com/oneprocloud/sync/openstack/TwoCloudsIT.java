// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.tck.OpenStackLab;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.service.Microversion;
import com.oneprocloud.sync.openstack.internal.service.ServiceClient;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Two real clouds of different releases, used by many threads of one process at once. Users,
 * projects, servers and volume types have the same names in both.
 */
@Tag("two-clouds")
class TwoCloudsIT {
  private static final int THREADS = 8;
  private static final int CALLS = 25;

  /** Newer than what either has, so each gets the newest that it does have. */
  private static final Microversion BEYOND = Microversion.of(2, 999);

  private static Member victoria;
  private static Member zed;

  @BeforeAll
  static void bringUp() {
    victoria = new Member(OpenStackLab.startDemo("--release", "victoria"), Microversion.of(2, 87));
    zed = new Member(OpenStackLab.startDemo("--release", "zed"), Microversion.of(2, 93));
  }

  @AfterAll
  static void close() {
    for (Member each : new Member[] {victoria, zed}) {
      if (each != null) {
        each.close();
      }
    }
  }

  @Test
  void nothingIsMixedUp() throws Exception {
    assertNotEquals(victoria.token.secret(), zed.token.secret());
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    List<Callable<Void>> work = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      Random random = new Random(seed + i);
      work.add(
          () -> {
            for (int call = 0; call < CALLS; call++) {
              if (random.nextBoolean()) {
                victoria.use(random, zed);
              } else {
                zed.use(random, victoria);
              }
            }
            return null;
          });
    }
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (Future<Void> each : threads.invokeAll(work)) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    // A token that went to the other cloud would have been refused there, and renewed.
    for (Member each : List.of(victoria, zed)) {
      assertSame(each.token, each.session.tokens().token());
    }
  }

  /** One of the clouds, as a user sees it and as its services answer. */
  private static final class Member implements AutoCloseable {
    private final OpenStackLab.Demo demo;
    private final Microversion highest;
    private final OpenStackCloud cloud;
    private final Session session;
    private final Token token;

    Member(OpenStackLab.Demo demo, Microversion highest) {
      this.demo = demo;
      this.highest = highest;
      CloudConfig config = CloudConfig.fromCloudsYaml(demo.lab().cloudsYaml(), "lab");
      cloud = OpenStackCloud.connect(config);
      session = new Session(config, Ticker.system());
      token = session.tokens().token();
    }

    void use(Random random, Member other) throws Exception {
      switch (random.nextInt(5)) {
        case 0 -> {
          Map<ServerId, String> servers =
              cloud.servers(ServerQuery.all()).stream()
                  .collect(Collectors.toMap(Server::id, Server::name));
          assertEquals("web-1", servers.get(demo.web()));
          assertEquals("db-1", servers.get(demo.database()));
          assertEquals(null, servers.get(other.demo.web()));
        }
        case 1 ->
            assertEquals(
                List.of(demo.webRoot().value(), demo.webSsd().value(), demo.webHdd().value()),
                cloud.disks(cloud.server(demo.web())).stream().map(Disk::id).toList());
        case 2 -> {
          assertThrows(NotFoundException.class, () -> cloud.server(other.demo.web()));
          assertThrows(NotFoundException.class, () -> cloud.volume(other.demo.webRoot()));
        }
        case 3 -> {
          ServiceClient nova = session.service(ServiceType.COMPUTE);
          // Asked for too much once, each tells its own newest and answers in that.
          String answered =
              nova.get("/servers/{id}", demo.web().value())
                  .upTo(BEYOND)
                  .exchange(reply -> reply.header("OpenStack-API-Version").orElse("none"));
          assertEquals("compute " + highest, answered);
          assertEquals(Optional.of(highest), nova.microversion(BEYOND));
        }
        default -> {
          Set<String> places =
              Set.of(
                  session.service(ServiceType.COMPUTE).description(),
                  session.service(ServiceType.BLOCK_STORAGE).description());
          int first = demo.lab().authUrl().getPort();
          for (String place : places) {
            int port = Integer.parseInt(place.substring(place.lastIndexOf(':') + 1));
            assertTrue(port > first && port < first + 20, demo.lab() + " uses " + place);
          }
        }
      }
    }

    @Override
    public void close() {
      session.close();
      cloud.close();
    }
  }
}
