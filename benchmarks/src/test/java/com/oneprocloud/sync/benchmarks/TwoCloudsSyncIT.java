// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
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
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server of each of two real clouds, replicated at the same time by one process with one
 * connection to Ceph, one chain store, one target and one owner's name.
 */
@Tag("two-clouds")
class TwoCloudsSyncIT {
  private static final List<String> RELEASES = List.of("victoria", "zed");

  private static final PoolMapping MAPPING =
      PoolMapping.builder().put("ceph-ssd", "volumes").put("ceph-hdd", "volumes-hdd").build();

  private final String owner = "it" + UUID.randomUUID().toString().substring(0, 8);

  @TempDir Path folder;

  private CephLab ceph;
  private List<Member> members;
  private CephCluster cluster;
  private CephSnapshotter snapshotter;
  private DirectoryTarget target;

  @BeforeEach
  void connect() {
    members = RELEASES.stream().map(Member::new).toList();
    ceph = CephLab.start();
    Path conf = members.get(0).demo.lab().cephConf();
    cluster = CephCluster.connect(CephConfig.fromFile(conf, "client.sync-reader"));
    snapshotter = CephSnapshotter.connect(CephConfig.fromFile(conf, "client.sync-snapshotter"));
    target = DirectoryTarget.at(folder.resolve("replicas"));
  }

  @AfterEach
  void removeWhatWasMade() {
    for (Member each : members) {
      for (CloudSnapshot left : each.ours(owner)) {
        each.cloud.snapshots().remove(left.id(), Duration.ofMinutes(3));
      }
      each.cloud.close();
    }
    snapshotter.close();
    cluster.close();
  }

  @Test
  void serversOfBothAreReplicatedAtOnce() throws Exception {
    assertNotEquals(members.get(0).demo.lab().authUrl(), members.get(1).demo.lab().authUrl());
    for (int run = 0; run < 3; run++) {
      Verdict verdict = run == 0 ? Verdict.FULL : Verdict.CONTINUE;
      for (SyncReport report : runAll()) {
        System.out.println(report);
        for (DiskReport disk : report.disks()) {
          assertEquals(verdict, disk.verdict(), report.toString());
          Replicas.assertEqualsSnapshot(ceph, target, disk);
        }
      }
    }
    for (Member each : members) {
      Set<VolumeId> volumes = new HashSet<>();
      for (CloudSnapshot snapshot : each.ours(owner)) {
        volumes.add(snapshot.volume());
      }
      assertEquals(6, each.ours(owner).size(), "base and spare base of three volumes");
      assertEquals(Set.of(each.demo.webRoot(), each.demo.webSsd(), each.demo.webHdd()), volumes);
    }
  }

  private List<SyncReport> runAll() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(members.size());
    try {
      List<Callable<SyncReport>> runs =
          members.stream().map(it -> (Callable<SyncReport>) () -> run(it)).toList();
      List<SyncReport> reports = new ArrayList<>();
      for (Future<SyncReport> each : threads.invokeAll(runs)) {
        reports.add(each.get());
      }
      return reports;
    } finally {
      threads.shutdownNow();
    }
  }

  private SyncReport run(Member member) {
    try (SyncEngine engine =
        SyncEngine.builder()
            .inventory(member.cloud)
            .cloudSnapshots(member.cloud.snapshots())
            .storage(cluster)
            .snapshotter(snapshotter)
            .mapping(MAPPING)
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .owner(owner)
            .build()) {
      return engine.run(engine.plan(member.demo.web(), target));
    }
  }

  private static final class Member {
    private final OpenStackLab.Demo demo;
    private final OpenStackCloud cloud;

    Member(String release) {
      demo = OpenStackLab.startDemo("--release", release);
      cloud = OpenStackCloud.connect(CloudConfig.fromCloudsYaml(demo.lab().cloudsYaml(), "lab"));
    }

    List<CloudSnapshot> ours(String owner) {
      return cloud.snapshots().withMetadata(Map.of("sync-owner", owner));
    }
  }
}
