// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.VerdictReason;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.OpenStackLab;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.OpenStackCloud;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What owners and administrators of a real cloud do to a server between two runs or during one, and
 * the verdict that each gets.
 */
class OpenStackChangesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final PoolMapping MAPPING =
      PoolMapping.builder()
          .put("ceph-ssd", "volumes")
          .put("ceph-hdd", "volumes-hdd")
          .imageBooted("vms")
          .build();

  private static CephLab ceph;
  private static OpenStackLab lab;

  private final String owner = "it" + UUID.randomUUID().toString().substring(0, 8);
  private final List<String> volumes = new ArrayList<>();

  @TempDir Path folder;

  private OpenStackCloud cloud;
  private CephCluster cluster;
  private CephSnapshotter snapshotter;
  private DirectoryTarget target;
  private Optional<String> server = Optional.empty();

  @BeforeAll
  static void bringUp() {
    lab = OpenStackLab.startDemo().lab();
    ceph = CephLab.start();
  }

  @BeforeEach
  void connect() {
    cloud = OpenStackCloud.connect(CloudConfig.fromCloudsYaml(lab.cloudsYaml(), "lab"));
    cluster = CephCluster.connect(CephConfig.fromFile(lab.cephConf(), "client.sync-reader"));
    snapshotter =
        CephSnapshotter.connect(CephConfig.fromFile(lab.cephConf(), "client.sync-snapshotter"));
    target = DirectoryTarget.at(folder.resolve("replicas"));
  }

  @AfterEach
  void removeWhatWasMade() {
    server.ifPresent(it -> lab.act("delete-server", it));
    for (CloudSnapshot left : ours()) {
      cloud.snapshots().remove(left.id(), PATIENCE);
    }
    volumes.forEach(it -> lab.act("delete-volume", it));
    snapshotter.close();
    cluster.close();
    cloud.close();
  }

  private Made make(String kind) {
    Map<String, String> values = lab.act("server", owner, kind);
    server = Optional.of(values.get("SERVER"));
    volumes.add(values.get("DATA"));
    volumes.add(values.get("ROOT"));
    return new Made(
        ServerId.of(values.get("SERVER")),
        VolumeId.of(values.get("ROOT")),
        VolumeId.of(values.get("DATA")));
  }

  private record Made(ServerId server, VolumeId root, VolumeId data) {}

  /** One server's life, for the sake of time: each change is made to what the last one left. */
  @Test
  void everyChangeGetsItsVerdict() throws IOException {
    Made made = make("volume");
    run(made, Verdict.FULL, VerdictReason.FIRST_POINT);
    grow(made);
    cloneASnapshot(made);
    loseSnapshots(made);
    revert(made);
    revertUnderObjectMaps(made);
    retypeIntoAnotherPool(made);
    deleteDuringARun(made);
  }

  private void grow(Made made) throws IOException {
    lab.act("extend", made.data.value(), "2");
    DiskReport data = run(made, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
    assertEquals(2L << 30, data.plan().size());
    assertTrue(data.bytesRead() < 1L << 28, data.toString());
  }

  /**
   * While a clone needs it, of which Cinder knows nothing, a snapshot stays; the report says so.
   */
  private void cloneASnapshot(Made made) throws IOException {
    CloudSnapshot oldest =
        snapshots(made.data).stream().min(Comparator.comparing(CloudSnapshot::name)).orElseThrow();
    String child = "volumes/child-of-" + oldest.id();
    ceph.rbd("clone", "volumes/volume-" + made.data + "@snapshot-" + oldest.id(), child);
    try {
      DiskReport held = run(made, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
      assertTrue(held.notes().toString().contains(oldest.id().value()), held.notes().toString());
      assertEquals(3, snapshots(made.data).size());
    } finally {
      ceph.rbd("rm", child, "--no-progress");
    }
    DiskReport clean = run(made, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
    assertEquals(List.of(), clean.notes());
    assertEquals(2, snapshots(made.data).size());
  }

  /** Somebody else removes the newest of our snapshots, then both: no reason for a full copy. */
  private void loseSnapshots(Made made) throws IOException {
    lab.act("delete-snapshot", newest(made.data).id().value());
    run(made, Verdict.CONTINUE, VerdictReason.SPARE_BASE_PRESENT);
    for (CloudSnapshot each : snapshots(made.data)) {
      lab.act("delete-snapshot", each.id().value());
    }
    repair(made, VerdictReason.BASE_LOST);
  }

  /**
   * Cinder reverts to the newest snapshot only, and that is ours: the base is what is reverted to.
   */
  private void revert(Made made) throws IOException {
    lab.act("detach", made.server.value(), made.data.value());
    lab.act("revert", made.data.value(), newest(made.data).id().value());
    lab.act("attach", made.server.value(), made.data.value());
    run(made, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
  }

  /**
   * A roll back leaves no trace in the object maps. To revert to the point before, Cinder wants the
   * newest gone: the spare base is what is reverted to, and what the replica holds of later writes
   * stands in the manifest.
   */
  private void revertUnderObjectMaps(Made made) throws IOException {
    EngineSettings settings = EngineSettings.defaults().withFastDiff(true);
    run(made, settings, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
    String base = newest(made.data).id().value();
    run(made, settings, Verdict.CONTINUE, VerdictReason.BASE_PRESENT);
    lab.act("detach", made.server.value(), made.data.value());
    lab.act("delete-snapshot", newest(made.data).id().value());
    lab.act("revert", made.data.value(), base);
    lab.act("attach", made.server.value(), made.data.value());
    DiskReport data = run(made, settings, Verdict.CONTINUE, VerdictReason.SPARE_BASE_PRESENT);
    assertEquals(DiffMethod.FAST, data.diff().method());
    assertTrue(data.bytesRead() < 1L << 28, data.toString());
  }

  /**
   * Cinder moves no volume that has snapshots: whoever retypes it removes ours first, and the image
   * in the other pool is another one.
   */
  private void retypeIntoAnotherPool(Made made) throws IOException {
    lab.act("detach", made.server.value(), made.data.value());
    for (CloudSnapshot each : snapshots(made.data)) {
      lab.act("delete-snapshot", each.id().value());
    }
    lab.act("retype", made.data.value(), "ceph-hdd");
    lab.act("attach", made.server.value(), made.data.value());
    DiskReport data = repair(made, VerdictReason.IMAGE_REPLACED);
    assertEquals("volumes-hdd", data.plan().image().pool());
  }

  /** A run that compares everything, and moves what differs and 2 % of that at the most. */
  private DiskReport repair(Made made, VerdictReason reason) throws IOException {
    Path before = folder.resolve("before.raw");
    Path replica = target.file(new ReplicaName(made.server.value(), made.data.value()));
    Files.copy(replica, before);
    DiskReport data = run(made, Verdict.CHECKSUM_RESYNC, reason);
    long differs = Replicas.differing(before, replica);
    Files.delete(before);
    System.out.printf(
        Locale.ROOT,
        "%s: of %d bytes %d in blocks of 64 KiB that differ; read %d, written %d%n",
        reason,
        data.plan().size(),
        differs,
        data.bytesRead(),
        data.bytesWritten());
    assertTrue(data.bytesRead() <= differs * 1.02, data.toString());
    assertTrue(data.bytesWritten() <= differs * 1.02, data.toString());
    return data;
  }

  /** The volumes outlive their server, so the point that was being taken is completed. */
  private void deleteDuringARun(Made made) throws IOException {
    AtomicBoolean deleted = new AtomicBoolean();
    SyncListener deletes =
        new SyncListener() {
          @Override
          public void phaseStarted(DiskPlan disk, Phase phase) {
            if (phase == Phase.TRANSFER && deleted.compareAndSet(false, true)) {
              lab.act("delete-server", made.server.value());
            }
          }
        };
    try (SyncEngine engine = engine()) {
      SyncReport report = engine.run(engine.plan(made.server, target), deletes);
      server = Optional.empty();
      assertTrue(deleted.get());
      assertEquals(2, report.disks().size());
      for (DiskReport disk : report.disks()) {
        assertEquals(Verdict.CONTINUE, disk.verdict());
        Replicas.assertEqualsSnapshot(ceph, target, disk);
      }
      NotFoundException gone =
          assertThrows(NotFoundException.class, () -> engine.plan(made.server, target));
      assertTrue(gone.getMessage().contains(made.server.value()), gone.getMessage());
    }
  }

  /** Nova tries, and goes on without: the guest has no agent that could answer. */
  @Test
  void aServerThatIsSaidToRunTheAgentIsQuiescedAndItsImagesGo() throws IOException {
    Made made = make("agent");
    for (int run = 0; run < 2; run++) {
      try (SyncEngine engine = builder().quiesce(true).build()) {
        SyncPlan plan = engine.plan(made.server, target);
        assertEquals(Consistency.QUIESCED, plan.consistency());
        SyncReport report = engine.run(plan);
        System.out.println(report);
        assertEquals(Consistency.QUIESCED, report.consistency());
        for (DiskReport disk : report.disks()) {
          assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, disk.verdict());
          Replicas.assertEqualsSnapshot(ceph, target, disk);
        }
      }
    }
    assertEquals(4, ours().size(), "base and spare base of both volumes");
    assertEquals(
        4,
        cloud.volumeSnapshots().stream()
            .filter(it -> Set.of(made.root, made.data).contains(it.volume()))
            .count());
    assertEquals(
        List.of(),
        cloud.images().stream()
            .filter(it -> made.server.value().equals(it.properties().get("sync-server")))
            .toList());
  }

  /** Nova cannot remove an image that has snapshots, so the point is completed and then removed. */
  @Test
  void anImageBootedServerThatIsDeletedDuringARunIsReplicatedToItsEnd() throws IOException {
    server = Optional.of(lab.act("server", owner, "image").get("SERVER"));
    ServerId id = ServerId.of(server.get());
    ImageSpec image = ImageSpec.of("vms", id + "_disk");
    SyncListener deletes =
        new SyncListener() {
          @Override
          public void phaseStarted(DiskPlan disk, Phase phase) {
            if (phase == Phase.TRANSFER) {
              lab.act("delete-server", id.value());
            }
          }
        };
    try (SyncEngine engine = engine()) {
      SyncReport report = engine.run(engine.plan(id, target), deletes);
      server = Optional.empty();
      Replicas.assertEqualsSnapshot(ceph, target, report.disks().get(0));
      assertThrows(NotFoundException.class, () -> engine.plan(id, target));
    } finally {
      if (cluster.find(image).isPresent()) {
        ceph.rbd("snap", "purge", image.toString(), "--no-progress");
        ceph.rbd("rm", image.toString(), "--no-progress");
      }
    }
  }

  /** One run; the verdict is that of the data volume, whose replica is compared with its point. */
  private DiskReport run(Made made, Verdict verdict, VerdictReason reason) throws IOException {
    return run(made, EngineSettings.defaults(), verdict, reason);
  }

  private DiskReport run(Made made, EngineSettings settings, Verdict verdict, VerdictReason reason)
      throws IOException {
    try (SyncEngine engine = builder().settings(settings).build()) {
      SyncReport report = engine.run(engine.plan(made.server, target));
      System.out.println(report);
      DiskReport data = null;
      for (DiskReport disk : report.disks()) {
        if (disk.plan().image().name().endsWith(made.data.value())) {
          data = disk;
        }
      }
      Replicas.assertEqualsSnapshot(ceph, target, data);
      assertEquals(verdict, data.verdict(), report.toString());
      assertEquals(reason, data.reason(), report.toString());
      return data;
    }
  }

  private SyncEngine engine() {
    return builder().build();
  }

  private SyncEngine.Builder builder() {
    return SyncEngine.builder()
        .inventory(cloud)
        .cloudSnapshots(cloud.snapshots())
        .storage(cluster)
        .snapshotter(snapshotter)
        .mapping(MAPPING)
        .chains(DirectoryChainStore.at(folder.resolve("chains")))
        .owner(owner);
  }

  private List<CloudSnapshot> ours() {
    return cloud.snapshots().withMetadata(Map.of("sync-owner", owner));
  }

  private List<CloudSnapshot> snapshots(VolumeId volume) {
    return ours().stream().filter(it -> it.volume().equals(volume)).toList();
  }

  /** Names hold the point's number; what Cinder tells of its time is cut to seconds. */
  private CloudSnapshot newest(VolumeId volume) {
    return snapshots(volume).stream().max(Comparator.comparing(CloudSnapshot::name)).orElseThrow();
  }
}
