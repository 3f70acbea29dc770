// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
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
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.OpenStackCloud;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Servers of a real cloud, running and writing, from their ids to replicas. */
class OpenStackSyncIT {
  private static final String OWNER = "it";

  private static final PoolMapping MAPPING =
      PoolMapping.builder()
          .put("ceph-ssd", "volumes")
          .put("ceph-hdd", "volumes-hdd")
          .imageBooted("vms")
          .build();

  private static CephLab ceph;
  private static OpenStackLab.Demo demo;

  @TempDir Path folder;

  private OpenStackCloud cloud;
  private CephCluster cluster;
  private CephSnapshotter snapshotter;
  private DirectoryTarget target;

  @BeforeAll
  static void bringUp() {
    demo = OpenStackLab.startDemo();
    ceph = CephLab.start();
  }

  @BeforeEach
  void connect() {
    cloud = OpenStackCloud.connect(CloudConfig.fromCloudsYaml(demo.lab().cloudsYaml(), "lab"));
    Path conf = demo.lab().cephConf();
    cluster = CephCluster.connect(CephConfig.fromFile(conf, "client.sync-reader"));
    snapshotter = CephSnapshotter.connect(CephConfig.fromFile(conf, "client.sync-snapshotter"));
    target = DirectoryTarget.at(folder.resolve("replicas"));
  }

  @AfterEach
  void cleanUp() {
    for (CloudSnapshot left : cloud.snapshots().withMetadata(Map.of("sync-owner", OWNER))) {
      cloud.snapshots().remove(left.id(), Duration.ofMinutes(2));
    }
    for (ImageSpec image :
        cluster.images("vms", "").stream().map(it -> ImageSpec.of("vms", it)).toList()) {
      for (String name : snapshots(image)) {
        if (name.startsWith("sync." + OWNER + ".")) {
          ceph.rbd("snap", "rm", image + "@" + name, "--no-progress");
        }
      }
    }
    snapshotter.close();
    cluster.close();
    cloud.close();
  }

  @Test
  void aVolumeBootedServerWithTwoMoreVolumes() throws IOException {
    replicate(demo.web(), 3);
  }

  @Test
  void anImageBootedServer() throws IOException {
    replicate(demo.database(), 1);
  }

  /** Every token dies within ten seconds, so plan, point and removal each need another one. */
  @Test
  void tokensRunOutSeveralTimesDuringARun() throws IOException {
    OpenStackLab lab = OpenStackLab.start("--token-ttl", "10");
    try (CountedRequests requests = new CountedRequests()) {
      CloudConfig config = CloudConfig.fromCloudsYaml(lab.cloudsYaml(), "lab");
      cloud.close();
      cloud = OpenStackCloud.connect(config.toBuilder().proxy(requests.proxy()).build());
      SyncListener outlivesTokens =
          new SyncListener() {
            @Override
            public void phaseStarted(DiskPlan disk, Phase phase) {
              boolean root = disk.image().name().endsWith(demo.webRoot().value());
              if (root && (phase == Phase.SNAPSHOT || phase == Phase.COMMIT)) {
                outliveToken();
              }
            }
          };
      for (int run = 0; run < 3; run++) {
        outliveToken();
        requests.take();
        try (SyncEngine engine = engine(MAPPING)) {
          SyncReport report = engine.run(engine.plan(demo.web(), target), outlivesTokens);
          int renewals = requests.take().getOrDefault("POST /v3/auth/tokens", 0);
          System.out.println(report + "\ntokens in this run: " + renewals);
          for (DiskReport disk : report.disks()) {
            assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, disk.verdict());
            Replicas.assertEqualsSnapshot(ceph, target, disk);
            assertEquals(Math.min(run + 1, 2), ownSnapshots(disk));
          }
          // The third point is the first one after which a snapshot has to go.
          assertTrue(renewals >= (run < 2 ? 2 : 3), "tokens in run " + run + ": " + renewals);
        }
      }
    } finally {
      OpenStackLab.start("--token-ttl", "3600");
      cloud.close();
      cloud = OpenStackCloud.connect(CloudConfig.fromCloudsYaml(lab.cloudsYaml(), "lab"));
    }
  }

  private static void outliveToken() {
    try {
      Thread.sleep(11_000);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted", e);
    }
  }

  @Test
  void aWrongMappingIsRefusedWithThePoolsWhereTheImagesAre() {
    PoolMapping wrong = PoolMapping.builder().put("ceph-ssd", "vms").put("ceph-hdd", "vms").build();
    try (SyncEngine engine = engine(wrong)) {
      InvalidPlanException refusal =
          assertThrows(InvalidPlanException.class, () -> engine.plan(demo.web(), target));
      assertEquals(3, refusal.faults().size(), refusal::getMessage);
      assertTrue(
          refusal.getMessage().contains("volumes/volume-" + demo.webRoot()), refusal::getMessage);
      assertTrue(
          refusal.getMessage().contains("volumes-hdd/volume-" + demo.webHdd()),
          refusal::getMessage);
    }
  }

  @Test
  void withoutAMappingTheCloudTellsWhereTheImagesAre() {
    try (SyncEngine engine = engine(PoolMapping.empty())) {
      assertEquals(
          Set.of(
              "volumes/volume-" + demo.webRoot(),
              "volumes/volume-" + demo.webSsd(),
              "volumes-hdd/volume-" + demo.webHdd()),
          new TreeSet<>(
              engine.plan(demo.web(), target).disks().stream()
                  .map(it -> it.image().toString())
                  .toList()));
    }
  }

  /**
   * A full run and three increments while the server writes, each replica compared with its
   * snapshot.
   */
  private void replicate(ServerId server, int disks) throws IOException {
    Map<String, Set<String>> before = null;
    for (int run = 0; run < 4; run++) {
      try (SyncEngine engine = engine(MAPPING)) {
        SyncPlan plan = engine.plan(server, target);
        System.out.println(plan);
        assertEquals(disks, plan.disks().size());
        if (before == null) {
          before = foreignSnapshots(plan);
        }
        SyncReport report = engine.run(plan);
        System.out.println(report);
        for (DiskReport disk : report.disks()) {
          assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, disk.verdict());
          assertEquals(
              run == 0 ? VerdictReason.FIRST_POINT : VerdictReason.BASE_PRESENT, disk.reason());
          assertEquals(List.of(), disk.notes());
          Replicas.assertEqualsSnapshot(ceph, target, disk);
          if (run > 0) {
            assertTrue(disk.bytesRead() > 0, "the server writes to every disk");
            assertTrue(disk.bytesRead() < disk.plan().size() / 4, disk.toString());
          }
        }
        assertEquals(before, foreignSnapshots(plan), "what is not ours is as it was");
        if (run == 3) {
          for (DiskReport disk : report.disks()) {
            assertEquals(2, ownSnapshots(disk), "base and spare base");
            List<CommittedManifest> chain = chains().newest(disk.plan().chain(), Integer.MAX_VALUE);
            assertEquals(4, chain.size());
          }
        }
      }
      awaitWrites(server);
    }
  }

  /** The demo servers write to every disk about once a second. */
  private static void awaitWrites(ServerId server) {
    try {
      Thread.sleep(3000);
    } catch (InterruptedException e) {
      throw new AssertionError("interrupted while " + server + " writes", e);
    }
  }

  private SyncEngine engine(PoolMapping mapping) {
    return SyncEngine.builder()
        .inventory(cloud)
        .cloudSnapshots(cloud.snapshots())
        .storage(cluster)
        .snapshotter(snapshotter)
        .mapping(mapping)
        .chains(chains())
        .owner(OWNER)
        .build();
  }

  private DirectoryChainStore chains() {
    return DirectoryChainStore.at(folder.resolve("chains"));
  }

  private long ownSnapshots(DiskReport disk) {
    Set<String> manifests = new TreeSet<>();
    chains()
        .newest(disk.plan().chain(), Integer.MAX_VALUE)
        .forEach(it -> manifests.add(it.manifest().snapshot().name()));
    return snapshots(disk.plan().image()).stream().filter(manifests::contains).count();
  }

  private Map<String, Set<String>> foreignSnapshots(SyncPlan plan) {
    Set<String> ours = new TreeSet<>();
    plan.disks()
        .forEach(
            disk ->
                chains()
                    .newest(disk.chain(), Integer.MAX_VALUE)
                    .forEach(it -> ours.add(it.manifest().snapshot().name())));
    Map<String, Set<String>> foreign = new java.util.TreeMap<>();
    plan.disks()
        .forEach(
            disk -> {
              Set<String> names = snapshots(disk.image());
              names.removeAll(ours);
              foreign.put(disk.image().toString(), names);
            });
    return foreign;
  }

  private Set<String> snapshots(ImageSpec image) {
    try (var opened = cluster.open(image)) {
      Set<String> names = new TreeSet<>();
      opened.snapshots().forEach(it -> names.add(it.name()));
      return names;
    }
  }
}
