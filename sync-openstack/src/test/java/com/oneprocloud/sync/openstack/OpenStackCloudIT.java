// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.OpenStackLab;
import com.oneprocloud.sync.openstack.internal.config.CloudFiles;
import com.oneprocloud.sync.openstack.internal.fake.FakeBlockStorage;
import com.oneprocloud.sync.openstack.internal.fake.FakeCloud;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import com.oneprocloud.sync.openstack.internal.service.ServiceClient;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The client against a real cloud, whose servers write meanwhile. */
class OpenStackCloudIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static OpenStackLab.Demo demo;

  private final String run = "it-" + UUID.randomUUID();
  private final Map<String, String> ours = Map.of("owner", run);
  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<VolumeId> made = new ArrayList<>();
  private OpenStackCloud cloud;

  @BeforeAll
  static void bringUp() {
    demo = OpenStackLab.startDemo();
  }

  @BeforeEach
  void connect() {
    cloud = connect("lab");
  }

  private static CloudConfig config(String name) {
    Path yaml = demo.lab().cloudsYaml();
    return new CloudFiles(
            Map.of("OS_CLIENT_CONFIG_FILE", yaml.toString()), yaml.getParent(), yaml.getParent())
        .cloud(name);
  }

  private OpenStackCloud connect(String name) {
    return connect(config(name));
  }

  private OpenStackCloud connect(CloudConfig config) {
    OpenStackCloud connected = OpenStackCloud.connect(config);
    open.add(connected);
    return connected;
  }

  /** Cinder itself, for what the SDK does not do: making and removing volumes. */
  private ServiceClient cinder(String name) {
    return session(config(name)).service(ServiceType.BLOCK_STORAGE);
  }

  private Session session(CloudConfig config) {
    Session session = new Session(config, Ticker.system());
    open.add(session);
    return session;
  }

  @AfterEach
  void removeWhatWasMade() throws Exception {
    for (String name : List.of("lab", "lab-other")) {
      removeSnapshots(connect(name));
    }
    for (AutoCloseable each : open) {
      each.close();
    }
  }

  private void removeSnapshots(OpenStackCloud owner) {
    for (CloudSnapshot snapshot : owner.volumeSnapshots()) {
      if (snapshot.name().contains(run)) {
        owner.snapshots().remove(snapshot.id(), PATIENCE);
      }
    }
  }

  /** A project in which the user other works, and which nothing else fills. */
  private String makeProject(ServiceClient identity) {
    ObjectNode body = JsonText.object();
    body.putObject("project").put("name", run).put("domain_id", "default");
    String project = id(identity.call("POST", "/projects").json(body).fetch().object("project"));
    String user = id(named(identity, "users", "other"));
    String role = id(named(identity, "roles", "member"));
    identity
        .call("PUT", "/projects/{project}/users/{user}/roles/{role}", project, user, role)
        .json(JsonText.object())
        .send();
    return project;
  }

  private static Fields named(ServiceClient identity, String what, String name) {
    return identity.get("/" + what).query("name", name).fetch().objects(what).get(0);
  }

  private static String id(Fields record) {
    return record.text("id").orElseThrow();
  }

  private VolumeId makeVolume(ServiceClient cinder, CloudSnapshot from) {
    ObjectNode body = JsonText.object();
    ObjectNode volume = body.putObject("volume");
    volume.put("name", run);
    volume.put("size", 1);
    if (from != null) {
      volume.put("snapshot_id", from.id().value());
    } else {
      volume.put("volume_type", "ceph-ssd");
    }
    Fields answer = cinder.call("POST", "/volumes").json(body).fetch().object("volume");
    VolumeId id = VolumeId.of(id(answer));
    made.add(id);
    return id;
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "waited in vain for " + what);
      Thread.sleep(300);
    }
  }

  private void removeVolumes(ServiceClient cinder, OpenStackCloud owner)
      throws InterruptedException {
    for (VolumeId id : made) {
      await(
          id + " to come to rest",
          () -> Set.of("available", "error").contains(owner.volume(id).status()));
      cinder.call("DELETE", "/volumes/{id}", id.value()).send();
    }
    for (VolumeId id : made) {
      await(
          id + " to go",
          () -> {
            try {
              owner.volume(id);
              return false;
            } catch (NotFoundException e) {
              return true;
            }
          });
    }
    made.clear();
  }

  @Test
  void findsDisksAndPoolsAsAPlainMember() {
    Server web = cloud.server(demo.web());
    assertEquals("web-1", web.name());
    assertEquals(cloud.projectId(), web.projectId());
    assertEquals(Optional.empty(), web.imageId());
    assertEquals(Optional.empty(), web.host());
    List<Disk> disks = cloud.disks(web);
    assertEquals(
        List.of(demo.webRoot().value(), demo.webSsd().value(), demo.webHdd().value()),
        disks.stream().map(Disk::id).toList());
    assertTrue(disks.get(0).isBootDisk());
    assertEquals(
        List.of(
            ImageSpec.of("volumes", "volume-" + demo.webRoot()),
            ImageSpec.of("volumes", "volume-" + demo.webSsd()),
            ImageSpec.of("volumes-hdd", "volume-" + demo.webHdd())),
        disks.stream().map(it -> cloud.imageOf(it).orElseThrow()).toList());
    assertEquals(
        ImageSpec.of("volumes", "volume-" + demo.webRoot()),
        cloud.askConnectionOf(demo.webRoot()).orElseThrow().image());

    Server database = cloud.server(demo.database());
    assertTrue(database.imageId().isPresent());
    Disk root = cloud.disks(database).get(0);
    assertEquals(Disk.Kind.ROOT, root.kind());
    assertEquals(demo.database() + "_disk", root.imageName());
    assertEquals(1L << 30, root.size());
    assertEquals(Optional.empty(), cloud.imageOf(root));

    assertEquals(
        Map.of(web.id(), disks, database.id(), cloud.disks(database)),
        cloud.disks(List.of(web, database)));
    assertTrue(cloud.volumeTypes().containsAll(List.of("ceph-ssd", "ceph-hdd")));
  }

  @Test
  void listsByNameAndStatus() {
    assertEquals(
        List.of(demo.web()),
        cloud.servers(ServerQuery.named("web-1")).stream().map(Server::id).toList());
    assertEquals(List.of(), cloud.servers(ServerQuery.named("web")));
    ServerQuery active =
        new ServerQuery(false, Optional.empty(), Optional.empty(), Optional.of("active"));
    assertTrue(cloud.servers(active).size() >= 2);
    assertThrows(PermissionException.class, () -> cloud.servers(ServerQuery.everyProject()));
  }

  @Test
  void everyUserSeesWhatIsTheirs() {
    OpenStackCloud credential = connect("lab-appcred");
    assertEquals(cloud.server(demo.web()), credential.server(demo.web()));
    OpenStackCloud other = connect("lab-other");
    assertThrows(NotFoundException.class, () -> other.server(demo.web()));
    assertThrows(NotFoundException.class, () -> other.volume(demo.webRoot()));
    OpenStackCloud admin = connect("lab-admin");
    Set<String> names =
        admin.servers(ServerQuery.everyProject()).stream()
            .map(Server::name)
            .collect(Collectors.toSet());
    assertTrue(names.containsAll(Set.of("web-1", "db-1")), names.toString());
    Server web = admin.server(demo.web());
    assertTrue(web.host().isPresent());
    assertTrue(web.rootDevice().isPresent());
    assertEquals(
        cloud.disks(cloud.server(demo.web())).stream().map(Disk::imageName).toList(),
        admin.disks(List.of(web)).get(web.id()).stream().map(Disk::imageName).toList());
    Volume volume = admin.volume(demo.webHdd());
    StoragePool pool =
        admin.storagePools().stream()
            .filter(it -> it.name().equals(volume.host().orElseThrow()))
            .findFirst()
            .orElseThrow();
    assertEquals("volumes-hdd", pool.ceph().orElseThrow().pool());
    assertThrows(PermissionException.class, cloud::storagePools);
  }

  /** Three users of the real cloud and a cloud of another release, by many threads at once. */
  @Test
  void cloudsInOneProcessDoNotMix() throws Exception {
    OpenStackCloud admin = connect("lab-admin");
    OpenStackCloud other = connect("lab-other");
    try (FakeCloud fake = new FakeCloud("token-of-another-cloud-")) {
      String volume =
          String.format(
              Locale.ROOT,
              "{\"id\":\"%s\",\"name\":\"another\",\"status\":\"available\",\"size\":7}",
              demo.webRoot());
      fake.onWithToken(
          "GET",
          FakeBlockStorage.path("/volumes/" + demo.webRoot()),
          request -> json(200, "{\"volume\":" + volume + "}"));
      OpenStackCloud another = connect(fake.config().build());
      List<Callable<Void>> work = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        work.add(
            () -> {
              assertEquals(Optional.empty(), cloud.server(demo.web()).host());
              assertEquals(1L << 30, cloud.volume(demo.webRoot()).size());
              return null;
            });
        work.add(
            () -> {
              assertTrue(admin.server(demo.web()).host().isPresent());
              assertTrue(admin.volume(demo.webRoot()).host().isPresent());
              return null;
            });
        work.add(
            () -> {
              assertThrows(NotFoundException.class, () -> other.volume(demo.webRoot()));
              return null;
            });
        work.add(
            () -> {
              assertEquals(7L << 30, another.volume(demo.webRoot()).size());
              return null;
            });
      }
      ExecutorService threads = Executors.newFixedThreadPool(8);
      try {
        for (Future<Void> each : threads.invokeAll(work)) {
          each.get();
        }
      } finally {
        threads.shutdownNow();
      }
      assertEquals(1, fake.logins(), "no token of another cloud was sent to this one");
    }
  }

  @Test
  void wrongPasswordsAreRefused() {
    CloudConfig wrong =
        config("lab").toBuilder()
            .credentials(Credentials.password("demo", "Default", "not-the-password"))
            .build();
    AuthenticationException failure =
        assertThrows(AuthenticationException.class, () -> OpenStackCloud.connect(wrong));
    assertTrue(failure.requestId().isPresent());
    assertFalse(failure.toString().contains("not-the-password"));
  }

  @Test
  void describesTheServer() throws Exception {
    Fields json = JsonText.read(cloud.describe(demo.web()).toJson());
    assertEquals(3, json.objects("disks").size());
    assertEquals(
        Optional.of("ceph-hdd"), json.objects("disks").get(2).object("volume").text("type"));
    Fields database = JsonText.read(cloud.describe(demo.database()).toJson());
    assertEquals("virtio-scsi", database.object("image").map("properties").get("hw_scsi_model"));
  }

  @Test
  void takesAndRemovesAPointOfARunningServer() {
    CloudSnapshots snapshots = cloud.snapshots();
    List<VolumeId> volumes = List.of(demo.webRoot(), demo.webSsd(), demo.webHdd());
    assertEquals(List.of(), snapshots.check(seen(cloud, volumes)));
    List<CloudSnapshot> taken = snapshots.create(volumes, run, ours, PATIENCE);
    assertEquals(volumes, taken.stream().map(CloudSnapshot::volume).toList());
    for (CloudSnapshot each : taken) {
      assertEquals("available", each.status());
      assertEquals(ours, each.metadata());
      assertTrue(each.created().isPresent());
    }
    assertEquals(Set.copyOf(taken), Set.copyOf(snapshots.withMetadata(ours)));
    assertEquals(List.of(taken.get(1)), snapshots.withMetadata(demo.webSsd(), ours));
    for (CloudSnapshot each : taken) {
      snapshots.remove(each.id(), PATIENCE);
      snapshots.remove(each.id(), PATIENCE);
    }
    assertEquals(List.of(), snapshots.withMetadata(ours));
  }

  @Test
  void aSnapshotThatACloneNeedsStaysAndIsSaidTo() throws Exception {
    ServiceClient cinder = cinder("lab");
    CloudSnapshot snapshot =
        cloud.snapshots().create(List.of(demo.webSsd()), run, ours, PATIENCE).get(0);
    VolumeId clone = makeVolume(cinder, snapshot);
    await("the clone", () -> cloud.volume(clone).status().equals("available"));
    ConflictException busy =
        assertThrows(
            ConflictException.class, () -> cloud.snapshots().remove(snapshot.id(), PATIENCE));
    assertTrue(busy.getMessage().contains("clone"), busy.getMessage());
    removeVolumes(cinder, cloud);
    cloud.snapshots().remove(snapshot.id(), PATIENCE);
  }

  /**
   * The image has another name for a while, so Cinder's driver fails. Victoria keeps the snapshot
   * as error_deleting, and refuses its owner from then on; Zed takes it for gone.
   */
  @Test
  void aSnapshotThatCinderFailedToRemoveIsRemovedAfterAnAdministratorsWord() throws Exception {
    ServiceClient cinder = session(config("lab")).service(ServiceType.BLOCK_STORAGE);
    VolumeId volume = makeVolume(cinder, null);
    await("volume " + volume, () -> cloud.volume(volume).status().equals("available"));
    CloudSnapshot snapshot = cloud.snapshots().create(List.of(volume), run, ours, PATIENCE).get(0);
    boolean keeps = demo.lab().release().equals("victoria");
    CephLab ceph = CephLab.start();
    String image = "volumes/volume-" + volume;
    ceph.rbd("mv", image, "volumes/" + run);
    try {
      if (keeps) {
        assertStuck(snapshot);
      } else {
        cloud.snapshots().remove(snapshot.id(), PATIENCE);
      }
    } finally {
      ceph.rbd("mv", "volumes/" + run, image);
    }
    if (keeps) {
      assertStuck(snapshot);
      ObjectNode body = JsonText.object();
      body.putObject("os-reset_status").put("status", "available");
      session(config("lab-admin"))
          .service(ServiceType.BLOCK_STORAGE)
          .call("POST", "/snapshots/{id}/action", snapshot.id().value())
          .json(body)
          .send();
      cloud.snapshots().remove(snapshot.id(), PATIENCE);
    }
    assertEquals(List.of(), cloud.snapshots().withMetadata(ours));
    removeVolumes(cinder, cloud);
  }

  private void assertStuck(CloudSnapshot snapshot) {
    ConflictException stuck =
        assertThrows(
            ConflictException.class, () -> cloud.snapshots().remove(snapshot.id(), PATIENCE));
    assertTrue(stuck.getMessage().contains("error_deleting"), stuck.getMessage());
    assertTrue(
        stuck
            .advice()
            .orElseThrow()
            .contains("openstack volume snapshot set --state available " + snapshot.id()),
        stuck.toString());
  }

  /** What is done in a project that nothing else fills. */
  private interface ProjectWork {
    void run(ServiceClient admin, ServiceClient cinder, OpenStackCloud own, String project)
        throws Exception;
  }

  private static List<Volume> seen(OpenStackCloud by, List<VolumeId> volumes) {
    return volumes.stream().map(by::volume).toList();
  }

  private void inProjectOfItsOwn(int pageSize, ProjectWork work) throws Exception {
    Session admin = session(config("lab-admin"));
    ServiceClient identity = admin.service(ServiceType.IDENTITY);
    String project = makeProject(identity);
    CloudConfig config =
        config("lab-other").toBuilder().scope(Scope.projectId(project)).pageSize(pageSize).build();
    OpenStackCloud own = connect(config);
    ServiceClient cinder = session(config).service(ServiceType.BLOCK_STORAGE);
    try {
      work.run(admin.service(ServiceType.BLOCK_STORAGE), cinder, own, project);
    } finally {
      removeSnapshots(own);
      removeVolumes(cinder, own);
      identity.call("DELETE", "/projects/{project}", project).send();
    }
  }

  @Test
  void readsNineVolumesInPagesOfTwoAndMeetsTheQuota() throws Exception {
    inProjectOfItsOwn(2, this::meetTheQuota);
  }

  private void meetTheQuota(
      ServiceClient admin, ServiceClient cinder, OpenStackCloud own, String project)
      throws InterruptedException {
    for (int i = 0; i < 9; i++) {
      makeVolume(cinder, null);
    }
    assertEquals(
        Set.copyOf(made), own.volumes().stream().map(Volume::id).collect(Collectors.toSet()));
    for (VolumeId id : made) {
      await("volume " + id, () -> own.volume(id).status().equals("available"));
    }
    setQuota(admin, project, Map.of("snapshots", 1));
    List<VolumeId> two = made.subList(0, 2);
    assertEquals(1, own.snapshots().check(seen(own, two)).size());
    assertThrows(
        QuotaExceededException.class, () -> own.snapshots().create(two, run, ours, PATIENCE));
    // One fits, the next one is refused by the service itself.
    CloudSnapshot first = own.snapshots().create(two.subList(0, 1), run, ours, PATIENCE).get(0);
    QuotaExceededException refused =
        assertThrows(
            QuotaExceededException.class,
            () -> own.snapshots().create(two.subList(1, 2), run, ours, PATIENCE));
    assertEquals(Optional.of("413"), refused.code());
    assertEquals(List.of(first), own.snapshots().withMetadata(ours));
    // Nine volumes and a snapshot of one GiB each: room for one more, and Cinder counts both.
    setQuota(admin, project, Map.of("snapshots", 100, "gigabytes", 11));
    assertEquals(List.of(), own.snapshots().check(seen(own, two.subList(0, 1))));
    assertEquals(1, own.snapshots().check(seen(own, two)).size());
  }

  @Test
  void meetsTheQuotasOfAVolumeType() throws Exception {
    inProjectOfItsOwn(0, this::meetTheQuotasOfAType);
  }

  /** Two volumes of one GiB each. */
  private void meetTheQuotasOfAType(
      ServiceClient admin, ServiceClient cinder, OpenStackCloud own, String project)
      throws InterruptedException {
    List<VolumeId> two = List.of(makeVolume(cinder, null), makeVolume(cinder, null));
    for (VolumeId id : two) {
      await("volume " + id, () -> own.volume(id).status().equals("available"));
    }
    setQuota(admin, project, Map.of("snapshots_ceph-ssd", 1));
    assertEquals(List.of(), own.snapshots().check(seen(own, two.subList(0, 1))));
    List<Fault> faults = own.snapshots().check(seen(own, two));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(faults.get(0).problem().contains("volume type ceph-ssd"), faults.toString());
    CloudSnapshot first = own.snapshots().create(two.subList(0, 1), run, ours, PATIENCE).get(0);
    QuotaExceededException refused =
        assertThrows(
            QuotaExceededException.class,
            () -> own.snapshots().create(two.subList(1, 2), run, ours, PATIENCE));
    assertEquals(Optional.of("413"), refused.code());
    assertEquals(List.of(first), own.snapshots().withMetadata(ours));
    // The volumes and the snapshot leave nothing.
    setQuota(admin, project, Map.of("snapshots_ceph-ssd", -1, "gigabytes_ceph-ssd", 3));
    faults = own.snapshots().check(seen(own, two.subList(1, 2)));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(faults.get(0).problem().contains("count as 1 GiB"), faults.toString());
    refused =
        assertThrows(
            QuotaExceededException.class,
            () -> own.snapshots().create(two.subList(1, 2), run, ours, PATIENCE));
    assertEquals(Optional.of("413"), refused.code());
  }

  private static void setQuota(ServiceClient admin, String project, Map<String, Integer> limits) {
    ObjectNode body = JsonText.object();
    ObjectNode quota = body.putObject("quota_set");
    limits.forEach(quota::put);
    admin.call("PUT", "/os-quota-sets/{project}", project).json(body).send();
  }

  @Test
  void novaMakesAnImageWithASnapshotOfEachVolume() {
    ServerImage image =
        cloud.createImage(cloud.server(demo.web()), run, Map.of("sync_owner", run), PATIENCE);
    assertEquals(
        Set.of(demo.webRoot(), demo.webSsd(), demo.webHdd()),
        image.snapshots().stream().map(CloudSnapshot::volume).collect(Collectors.toSet()));
    assertTrue(image.leavesDiffBase());
    cloud.remove(image, PATIENCE);
    assertThrows(NotFoundException.class, () -> cloud.image(image.image().id()));
    assertEquals(
        List.of(), cloud.volumeSnapshots().stream().filter(it -> it.name().contains(run)).toList());
  }
}
