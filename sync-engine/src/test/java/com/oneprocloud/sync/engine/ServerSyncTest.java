// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.InvalidPlanException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.engine.fixture.Servers;
import com.oneprocloud.sync.engine.fixture.SteppedStore;
import com.oneprocloud.sync.engine.fixture.Steps;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server of several disks in a cloud that is made of its answers, over the cluster in memory. */
class ServerSyncTest {
  private static final ServerId SERVER = ServerId.of("6b1f");
  private static final PoolMapping MAPPING =
      PoolMapping.builder().put("ssd", "volumes").put("hdd", "slow").imageBooted("vms").build();

  @TempDir Path folder;

  private final MemoryCluster cluster = MemoryCluster.withPools("volumes", "slow", "vms", "images");
  private final Map<String, MemoryDisk> images = new LinkedHashMap<>();
  private final FakeCloud cloud = new FakeCloud();
  private DirectoryTarget target;

  @BeforeEach
  void makeServer() {
    target = DirectoryTarget.at(folder.resolve("replicas"));
    volume("root", "ssd", "volumes", 0);
    volume("data", "hdd", "slow", 1);
  }

  @AfterEach
  void close() {
    cluster.close();
  }

  @Test
  void everyDiskIsReplicatedAndTheCloudTakesTheSnapshotsOfVolumes() throws IOException {
    local(Disk.Kind.ROOT, "6b1f_disk", "vms");
    local(Disk.Kind.SWAP, "6b1f_disk.swap", "vms");
    try (SyncEngine engine = engine(MAPPING)) {
      for (int run = 0; run < 4; run++) {
        for (MemoryDisk image : images.values()) {
          image.write(4096L * run, new byte[] {(byte) (run + 1)});
        }
        SyncPlan plan = engine.plan(SERVER, target);
        assertEquals(Consistency.CRASH_CONSISTENT_PER_DISK, plan.consistency());
        assertEquals(List.of("6b1f_disk.swap"), plan.left().stream().map(Disk::id).toList());
        SyncReport report = engine.run(plan);
        assertEquals(3, report.disks().size());
        for (var disk : report.disks()) {
          assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, disk.verdict());
          SnapshotRef snapshot = disk.committed().manifest().snapshot();
          boolean isVolume = disk.plan().disk().orElseThrow().volume().isPresent();
          assertEquals(isVolume, snapshot.cloudId().isPresent());
          assertReplicaEquals(disk.plan().disk().orElseThrow(), snapshot);
        }
        assertEquals(
            Math.min(run + 1, 2) * 2, cloud.snapshots.size(), "base and spare base of each volume");
      }
    }
  }

  @Test
  void aWrongMappingIsRefusedWithThePoolsWhereTheImagesAre() {
    PoolMapping wrong =
        PoolMapping.builder().put("ssd", "images").put("hdd", "vms").imageBooted("vms").build();
    try (SyncEngine engine = engine(wrong)) {
      InvalidPlanException refusal =
          assertThrows(InvalidPlanException.class, () -> engine.plan(SERVER, target));
      assertEquals(2, refusal.faults().size(), "all faults at once");
      assertTrue(refusal.getMessage().contains("volumes/volume-root"), refusal::getMessage);
      assertTrue(refusal.getMessage().contains("slow/volume-data"), refusal::getMessage);
    }
  }

  @Test
  void withoutAMappingEveryPoolIsLookedInto() {
    try (SyncEngine engine = engine(PoolMapping.empty())) {
      SyncPlan plan = engine.plan(SERVER, target);
      assertEquals(
          List.of(ImageSpec.of("volumes", "volume-root"), ImageSpec.of("slow", "volume-data")),
          plan.disks().stream().map(it -> it.image()).toList());
      assertTrue(plan.toString().contains("looking into every pool"), plan::toString);
    }
  }

  @Test
  void aVolumeMigratedInUseIsFoundByTheNameThatTheCloudTells() {
    images.get("root").rename("volume-other");
    cloud.told.put("volume-root", ImageSpec.of("volumes", "volume-other"));
    try (SyncEngine engine = engine(MAPPING)) {
      assertEquals(
          ImageSpec.of("volumes", "volume-other"),
          engine.plan(SERVER, target).disks().get(0).image());
    }
  }

  @Test
  void ifOneSnapshotFailsTheOthersAreRemovedAndTheNextRunStartsAnew() {
    try (SyncEngine engine = engine(MAPPING)) {
      cloud.failing = Optional.of(VolumeId.of("data"));
      SyncPlan plan = engine.plan(SERVER, target);
      assertThrows(SyncException.class, () -> engine.run(plan));
      assertTrue(cloud.snapshots.isEmpty(), "no snapshot is left behind");
      cloud.failing = Optional.empty();
      assertEquals(2, engine.run(engine.plan(SERVER, target)).disks().size());
    }
  }

  @Test
  void whatTheCloudCannotRemoveIsReportedWithTheCommandThatDoes() {
    try (SyncEngine engine = engine(MAPPING)) {
      engine.run(engine.plan(SERVER, target));
      String chain = engine.plan(SERVER, target).disks().get(0).chain().brief();
      Map<String, String> ours = Map.of("sync-owner", "default", "sync-chain", chain);
      List<VolumeId> root = List.of(VolumeId.of("root"));
      CloudSnapshotId leaked = cloud.create(root, "leaked", ours, Duration.ZERO).get(0).id();
      CloudSnapshotId stuck = cloud.create(root, "stuck", ours, Duration.ZERO).get(0).id();
      cloud.create(root, "foreign", Map.of("sync-owner", "other"), Duration.ZERO);
      cloud.unremovable = Optional.of(stuck);
      ReconcileSettings now = ReconcileSettings.lookOnly().withGrace(Duration.ZERO);
      assertEquals(2, engine.reconcile(now).in(ReconcileReport.State.LEAKED).size());

      ReconcileReport report = engine.reconcile(now.removing());
      assertEquals(4, report.snapshots().size(), report::toString);
      assertEquals(
          List.of(Optional.of(leaked.value())),
          report.in(ReconcileReport.State.REMOVED).stream().map(it -> it.cloudId()).toList());
      assertEquals(2, report.in(ReconcileReport.State.NEEDED).size(), report::toString);
      assertEquals(
          List.of(
              Optional.of(
                  "openstack volume snapshot set --state available s4"
                      + " && openstack volume snapshot delete s4")),
          report.in(ReconcileReport.State.STUCK).stream().map(it -> it.command()).toList(),
          report::toString);
      assertEquals(4, cloud.snapshots.size());
      cloud.unremovable = Optional.empty();
      assertEquals(1, engine.reconcile(now.removing()).in(ReconcileReport.State.REMOVED).size());
    }
  }

  @Test
  void runsThatDieAgainAndAgainDoNotUseUpTheSnapshots() {
    Steps steps =
        new Steps() {
          @Override
          public <T> T durable(String name, Supplier<T> step) {
            if (cloud.dying && name.equals("abandon")) {
              throw new StorageException(SyncException.failed(name, "chain").because("killed"));
            }
            return step.get();
          }
        };
    ChainStore chains = new SteppedStore(DirectoryChainStore.at(folder.resolve("chains")), steps);
    try (SyncEngine engine = engine(MAPPING, chains)) {
      engine.run(engine.plan(SERVER, target));
      for (int night = 0; night < 5; night++) {
        // takes its snapshots and dies before it does anything else
        SyncPlan plan = engine.plan(SERVER, target);
        cloud.dying = true;
        assertThrows(SyncException.class, () -> engine.run(plan));
        cloud.dying = false;
        assertTrue(cloud.snapshots.size() <= 4, () -> cloud.snapshots.toString());
      }
      engine.run(engine.plan(SERVER, target));
      assertEquals(4, cloud.snapshots.size(), "base and spare base of each volume");
    }
  }

  @Test
  void theCloudIsAskedOnceToQuiesceTheGuestForAllItsVolumes() throws IOException {
    cloud.quiesces = true;
    try (SyncEngine engine = quiescing()) {
      for (int run = 0; run < 3; run++) {
        images.get("data").write(4096L * run, new byte[] {(byte) (run + 1)});
        SyncPlan plan = engine.plan(SERVER, target);
        assertEquals(Consistency.QUIESCED, plan.consistency());
        SyncReport report = engine.run(plan);
        assertEquals(Consistency.QUIESCED, report.consistency());
        assertEquals(run + 1, cloud.requests.get());
        for (var disk : report.disks()) {
          assertEquals(run == 0 ? Verdict.FULL : Verdict.CONTINUE, disk.verdict());
          assertReplicaEquals(
              disk.plan().disk().orElseThrow(), disk.committed().manifest().snapshot());
        }
        assertEquals(Math.min(run + 1, 2) * 2, cloud.snapshots.size(), "base and spare base");
      }
    }
  }

  @Test
  void theReportSaysThatTheGuestWasNotQuiesced() {
    cloud.quiesces = true;
    cloud.attempts = false;
    try (SyncEngine engine = quiescing()) {
      assertEquals(
          Consistency.CRASH_CONSISTENT_PER_DISK,
          engine.run(engine.plan(SERVER, target)).consistency());
      assertEquals(
          Consistency.CRASH_CONSISTENT_PER_DISK,
          engine
              .run(engine.plan(SERVER, target), SyncListener.NONE, new RunControl())
              .consistency());
      cloud.attempts = true;
      assertEquals(
          Consistency.QUIESCED,
          engine
              .run(engine.plan(SERVER, target), SyncListener.NONE, new RunControl())
              .consistency());
    }
  }

  @Test
  void aDiskThatIsNoVolumeOrACloudThatCannotIsNotQuiesced() {
    try (SyncEngine engine = quiescing()) {
      assertEquals(
          Consistency.CRASH_CONSISTENT_PER_DISK, engine.plan(SERVER, target).consistency());
      cloud.quiesces = true;
      local(Disk.Kind.ROOT, "6b1f_disk", "vms");
      assertEquals(
          Consistency.CRASH_CONSISTENT_PER_DISK, engine.plan(SERVER, target).consistency());
    }
  }

  @Test
  void aFailureToQuiesceIsThrownAsItIsAndLeavesNothing() {
    cloud.quiesces = true;
    try (SyncEngine engine = quiescing()) {
      cloud.failing = Optional.of(VolumeId.of("data"));
      SyncPlan plan = engine.plan(SERVER, target);
      SyncException failure = assertThrows(SyncException.class, () -> engine.run(plan));
      assertEquals(Optional.of("500"), failure.code());
      assertEquals(1, cloud.requests.get());
      assertTrue(cloud.snapshots.isEmpty(), "no snapshot is left behind");
      cloud.failing = Optional.empty();
      assertEquals(2, engine.run(engine.plan(SERVER, target)).disks().size());
    }
  }

  private SyncEngine quiescing() {
    return builder(MAPPING, DirectoryChainStore.at(folder.resolve("chains"))).quiesce(true).build();
  }

  private SyncEngine engine(PoolMapping mapping) {
    return engine(mapping, DirectoryChainStore.at(folder.resolve("chains")));
  }

  private SyncEngine engine(PoolMapping mapping, ChainStore chains) {
    return builder(mapping, chains).build();
  }

  private SyncEngine.Builder builder(PoolMapping mapping, ChainStore chains) {
    return SyncEngine.builder()
        .inventory(cloud)
        .cloudSnapshots(cloud)
        .storage(cluster)
        .snapshotter(cluster.snapshotter())
        .mapping(mapping)
        .chains(chains);
  }

  private void volume(String id, String type, String pool, int bootIndex) {
    images.put(id, cluster.newDisk(ImageSpec.of(pool, "volume-" + id)).size(8 << 20).create());
    Volume volume =
        new Volume(
            VolumeId.of(id),
            id,
            Optional.empty(),
            Optional.empty(),
            8 << 20,
            "in-use",
            Optional.of(type),
            Optional.empty(),
            bootIndex == 0,
            false,
            false,
            Optional.empty(),
            List.of(),
            Map.of(),
            Optional.empty());
    cloud.disks.add(
        new Disk(
            SERVER,
            Disk.Kind.VOLUME,
            "volume-" + id,
            8 << 20,
            OptionalInt.of(bootIndex),
            Optional.empty(),
            Optional.of(volume)));
  }

  private void local(Disk.Kind kind, String name, String pool) {
    images.put(name, cluster.newDisk(ImageSpec.of(pool, name)).size(4 << 20).create());
    cloud.disks.add(
        new Disk(
            SERVER, kind, name, 4 << 20, OptionalInt.empty(), Optional.empty(), Optional.empty()));
  }

  private void assertReplicaEquals(Disk disk, SnapshotRef snapshot) throws IOException {
    MemoryDisk image = images.get(disk.id());
    Snapshot found =
        image.snapshots().stream()
            .filter(it -> it.id().equals(snapshot.id()))
            .findFirst()
            .orElseThrow();
    assertArrayEquals(
        image.readFully(found),
        Files.readAllBytes(target.file(new ReplicaName(SERVER.value(), disk.id()))));
  }

  /** A cloud that knows one server. */
  private final class FakeCloud implements CloudInventory, CloudSnapshots {
    final List<Disk> disks = new ArrayList<>();
    final Map<String, ImageSpec> told = new LinkedHashMap<>();
    final Map<CloudSnapshotId, CloudSnapshot> snapshots = new ConcurrentHashMap<>();
    final AtomicInteger made = new AtomicInteger();
    final AtomicInteger requests = new AtomicInteger();
    volatile Optional<VolumeId> failing = Optional.empty();
    volatile Optional<CloudSnapshotId> unremovable = Optional.empty();
    volatile boolean dying;
    volatile boolean quiesces;
    volatile boolean attempts = true;

    @Override
    public String description() {
      return "a cloud of one server";
    }

    @Override
    public List<Server> servers(ServerQuery query) {
      return List.of(server(SERVER));
    }

    @Override
    public Server server(ServerId id) {
      return Servers.active(id, "web-1");
    }

    @Override
    public List<Disk> disks(Server server) {
      return disks;
    }

    @Override
    public List<Volume> volumes() {
      return disks.stream().flatMap(it -> it.volume().stream()).toList();
    }

    @Override
    public Volume volume(VolumeId id) {
      return volumes().stream().filter(it -> it.id().equals(id)).findFirst().orElseThrow();
    }

    @Override
    public List<String> volumeTypes() {
      return List.of("ssd", "hdd");
    }

    @Override
    public Optional<ImageSpec> imageOf(Disk disk) {
      return Optional.ofNullable(told.get(disk.imageName()));
    }

    @Override
    public List<CloudSnapshot> create(
        List<VolumeId> volumes, String name, Map<String, String> metadata, Duration timeout) {
      List<CloudSnapshot> taken = new ArrayList<>();
      for (VolumeId volume : volumes) {
        if (failing.filter(volume::equals).isPresent()) {
          throw new SyncException(SyncException.failed("create snapshot", volume).code("500"));
        }
        CloudSnapshotId id = CloudSnapshotId.of("s" + made.incrementAndGet());
        CloudSnapshot snapshot =
            new CloudSnapshot(id, volume, name, "available", 8 << 20, metadata, Optional.empty());
        images.get(volume.value()).snapshot(snapshot.imageSnapshotName());
        snapshots.put(id, snapshot);
        taken.add(snapshot);
      }
      if (dying) {
        throw new SyncException(SyncException.failed("create snapshot", name).because("killed"));
      }
      return taken;
    }

    @Override
    public boolean quiesces(Server server) {
      return quiesces;
    }

    @Override
    public QuiescedSnapshots createQuiesced(
        ServerId server,
        Map<VolumeId, Map<String, String>> volumes,
        String name,
        Duration timeout) {
      requests.incrementAndGet();
      if (failing.isPresent()) {
        throw new SyncException(SyncException.failed("create image", server).code("500"));
      }
      List<CloudSnapshot> taken = new ArrayList<>();
      volumes.forEach(
          (volume, metadata) ->
              taken.addAll(create(List.of(volume), "snapshot for " + name, metadata, timeout)));
      return new QuiescedSnapshots(taken, attempts);
    }

    @Override
    public List<Fault> check(List<Volume> volumes) {
      return List.of();
    }

    @Override
    public List<CloudSnapshot> withMetadata(Map<String, String> metadata) {
      return snapshots.values().stream()
          .filter(it -> it.metadata().entrySet().containsAll(metadata.entrySet()))
          .toList();
    }

    @Override
    public List<CloudSnapshot> withMetadata(VolumeId volume, Map<String, String> metadata) {
      return withMetadata(metadata).stream().filter(it -> it.volume().equals(volume)).toList();
    }

    private static CloudSnapshot inError(CloudSnapshot it) {
      return new CloudSnapshot(
          it.id(),
          it.volume(),
          it.name(),
          "error_deleting",
          it.size(),
          it.metadata(),
          it.created());
    }

    @Override
    public void remove(CloudSnapshotId id, Duration timeout) {
      if (unremovable.filter(id::equals).isPresent()) {
        snapshots.computeIfPresent(id, (same, it) -> inError(it));
        throw new ConflictException(SyncException.failed("remove snapshot", id));
      }
      CloudSnapshot snapshot = snapshots.remove(id);
      if (snapshot == null) {
        throw new NotFoundException(SyncException.failed("remove snapshot", id));
      }
      images.get(snapshot.volume().value()).removeSnapshot(snapshot.imageSnapshotName());
    }

    @Override
    public void close() {}
  }
}
