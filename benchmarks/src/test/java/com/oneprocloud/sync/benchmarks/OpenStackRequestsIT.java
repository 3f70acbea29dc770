// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.OpenStackLab;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.SyncRun;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.OpenStackCloud;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What an incremental run, from its plan to its end, asks of a real cloud: so much for each server
 * and so much for each volume, whatever else runs.
 */
class OpenStackRequestsIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  /** Asks whether a snapshot is there yet, or still: as often as the cloud is slow. */
  private static final String WAITING = "GET /v3/{id}/snapshots/{id}";

  private final String owner = "it" + UUID.randomUUID().toString().substring(0, 8);

  @TempDir Path folder;

  private OpenStackLab.Demo demo;
  private CephLab ceph;
  private CountedRequests requests;
  private OpenStackCloud cloud;
  private CephCluster cluster;
  private CephSnapshotter snapshotter;
  private DirectoryTarget target;
  private Map<String, String> made;

  @BeforeEach
  void bringUp() {
    demo = OpenStackLab.startDemo();
    ceph = CephLab.start();
    made = demo.lab().act("server", owner, "volume");
    requests = new CountedRequests();
    CloudConfig config = CloudConfig.fromCloudsYaml(demo.lab().cloudsYaml(), "lab");
    cloud = OpenStackCloud.connect(config.toBuilder().proxy(requests.proxy()).build());
    Path conf = demo.lab().cephConf();
    cluster = CephCluster.connect(CephConfig.fromFile(conf, "client.sync-reader"));
    snapshotter = CephSnapshotter.connect(CephConfig.fromFile(conf, "client.sync-snapshotter"));
    target = DirectoryTarget.at(folder.resolve("replicas"));
  }

  @AfterEach
  void removeWhatWasMade() {
    demo.lab().act("delete-server", made.get("SERVER"));
    for (CloudSnapshot left : cloud.snapshots().withMetadata(Map.of("sync-owner", owner))) {
      cloud.snapshots().remove(left.id(), PATIENCE);
    }
    demo.lab().act("delete-volume", made.get("DATA"));
    demo.lab().act("delete-volume", made.get("ROOT"));
    ImageSpec image = ImageSpec.of("vms", demo.database() + "_disk");
    try (var opened = cluster.open(image)) {
      for (var each : opened.snapshots()) {
        if (each.name().startsWith("sync." + owner + ".")) {
          ceph.rbd("snap", "rm", image + "@" + each.name(), "--no-progress");
        }
      }
    }
    snapshotter.close();
    cluster.close();
    cloud.close();
    requests.close();
  }

  @Test
  void requestsOfARun() throws InterruptedException {
    ServerId two = ServerId.of(made.get("SERVER"));
    ServerId three = demo.web();
    ServerId none = demo.database();
    try (SyncEngine engine = engine()) {
      // The third point is the first one after which a snapshot has to go.
      for (int run = 0; run < 3; run++) {
        run(engine, run == 0 ? Verdict.FULL : Verdict.CONTINUE, two, three, none);
      }
      Map<String, Map<String, Integer>> columns = new LinkedHashMap<>();
      columns.put("of 2 volumes", run(engine, Verdict.CONTINUE, two));
      columns.put("of 3 volumes", run(engine, Verdict.CONTINUE, three));
      columns.put("image-booted", run(engine, Verdict.CONTINUE, none));
      columns.put("all at once", run(engine, Verdict.CONTINUE, two, three, none));
      System.out.println(table(columns));
      assertRequests(columns.get("of 2 volumes"), 1, 1, 2);
      assertRequests(columns.get("of 3 volumes"), 1, 1, 3);
      assertRequests(columns.get("image-booted"), 1, 0, 0);
      assertRequests(columns.get("all at once"), 3, 2, 5);
    }
  }

  /** No token and no version is asked for again, and nothing by the transfer. */
  private static void assertRequests(
      Map<String, Integer> counted, int servers, int withVolumes, int volumes) {
    Map<String, Integer> expected = new TreeMap<>();
    expected.put("GET /v2.1/{id}/servers/{id}", servers);
    expected.put("GET /v3/{id}/limits", withVolumes);
    expected.put("GET /v3/{id}/os-quota-sets/{id}?usage", withVolumes);
    expected.put("GET /v3/{id}/volumes/{id}", volumes);
    expected.put("GET /v3/{id}/attachments/{id}", volumes);
    expected.put("POST /v3/{id}/snapshots", volumes);
    expected.put("GET /v3/{id}/snapshots/detail?volume_id", volumes);
    expected.put("DELETE /v3/{id}/snapshots/{id}", volumes);
    expected.values().removeIf(it -> it == 0);
    Map<String, Integer> others = new TreeMap<>(counted);
    Integer waiting = others.remove(WAITING);
    assertEquals(expected, others);
    if (volumes > 0) {
      assertTrue(waiting >= 2 * volumes, "once for each that is taken and each that goes");
    }
  }

  /** Plans and runs at the same time, and tells what that asked of the cloud. */
  private Map<String, Integer> run(SyncEngine engine, Verdict verdict, ServerId... servers)
      throws InterruptedException {
    requests.take();
    List<SyncRun> runs = new ArrayList<>();
    for (ServerId server : servers) {
      runs.add(engine.submit(engine.plan(server, target)));
    }
    for (SyncRun run : runs) {
      for (DiskReport disk : run.await().disks()) {
        assertEquals(verdict, disk.verdict());
      }
    }
    return requests.take();
  }

  private static String table(Map<String, Map<String, Integer>> columns) {
    Set<String> routes = new TreeSet<>();
    columns.values().forEach(it -> routes.addAll(it.keySet()));
    List<String> lines = new ArrayList<>();
    lines.add("| | " + String.join(" | ", columns.keySet()) + " |");
    lines.add("| --- |" + " ---: |".repeat(columns.size()));
    for (String route : routes) {
      StringBuilder line = new StringBuilder("| `" + route + "` |");
      columns
          .values()
          .forEach(
              it -> line.append(String.format(Locale.ROOT, " %d |", it.getOrDefault(route, 0))));
      lines.add(line.toString());
    }
    return String.join("\n", lines);
  }

  private SyncEngine engine() {
    return SyncEngine.builder()
        .inventory(cloud)
        .cloudSnapshots(cloud.snapshots())
        .storage(cluster)
        .snapshotter(snapshotter)
        .mapping(
            PoolMapping.builder()
                .put("ceph-ssd", "volumes")
                .put("ceph-hdd", "volumes-hdd")
                .imageBooted("vms")
                .build())
        .chains(DirectoryChainStore.at(folder.resolve("chains")))
        .owner(owner)
        .build();
  }
}
