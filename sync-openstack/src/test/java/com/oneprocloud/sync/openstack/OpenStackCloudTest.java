// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.PROJECT;
import static com.oneprocloud.sync.openstack.internal.fake.FakeCloud.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.openstack.internal.block.BlockParser;
import com.oneprocloud.sync.openstack.internal.fake.FakeBlockStorage;
import com.oneprocloud.sync.openstack.internal.fake.FakeCloud;
import com.oneprocloud.sync.openstack.internal.fake.FakeTicker;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OpenStackCloudTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);
  private static final String NOVA = "/compute/v2.1/" + PROJECT;
  private static final Map<String, String> OURS = Map.of("owner", "sync-1", "chain", "c:7");

  private final FakeCloud fake = new FakeCloud();
  private final FakeBlockStorage storage = new FakeBlockStorage(fake);
  private final FakeTicker ticker = new FakeTicker();
  private final List<OpenStackCloud> clouds = new ArrayList<>();

  private OpenStackCloud cloud() {
    return cloud(fake.config());
  }

  private OpenStackCloud cloud(CloudConfig.Builder config) {
    OpenStackCloud cloud = OpenStackCloud.connect(config.build(), ticker);
    clouds.add(cloud);
    return cloud;
  }

  @AfterEach
  void nothingIsLeft() {
    clouds.forEach(OpenStackCloud::close);
    fake.close();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("openstack-fake")) {
        try {
          thread.join(10_000);
        } catch (InterruptedException e) {
          throw new AssertionError(e);
        }
        assertFalse(thread.isAlive(), thread.getName());
      }
    }
  }

  private void volumes(String... records) {
    List<Map.Entry<String, String>> entries = new ArrayList<>();
    for (String record : records) {
      String id = read(record).text("id").orElseThrow();
      entries.add(Map.entry(id, record));
      fake.onWithToken(
          "GET",
          FakeBlockStorage.path("/volumes/" + id),
          request -> json(200, "{\"volume\":" + record + "}"));
    }
    fake.onWithToken(
        "GET", FakeBlockStorage.path("/volumes/detail"), fake.paged("volumes", entries, 1000));
  }

  private void servers(String... records) {
    List<Map.Entry<String, String>> entries = new ArrayList<>();
    for (String record : records) {
      String id = read(record).text("id").orElseThrow();
      entries.add(Map.entry(id, record));
      fake.onWithToken(
          "GET", NOVA + "/servers/" + id, request -> json(200, "{\"server\":" + record + "}"));
    }
    fake.onWithToken("GET", NOVA + "/servers/detail", fake.paged("servers", entries, 1000));
  }

  private static Fields read(String json) {
    try {
      return JsonText.read(json);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static String volume(String id, String server, String device, String more) {
    return String.format(
        Locale.ROOT,
        """
        {"id":"%s","name":"%s","status":"in-use","size":2,"volume_type":"ssd","bootable":"false",
         "attachments":[{"server_id":"%s","device":"%s","attachment_id":"att-%s"}]%s}""",
        id,
        id,
        server,
        device,
        id,
        more);
  }

  private static String server(String id, String name, String more) {
    return String.format(
        Locale.ROOT,
        """
        {"id":"%s","name":"%s","status":"ACTIVE","tenant_id":"%s","image":"",
         "flavor":{"original_name":"f","vcpus":1,"ram":64,"disk":1,"ephemeral":0,"swap":0}%s}""",
        id,
        name,
        PROJECT,
        more);
  }

  private static String attached(String... volumes) {
    List<String> ids = new ArrayList<>();
    for (String volume : volumes) {
      ids.add("{\"id\":\"" + volume + "\",\"delete_on_termination\":true}");
    }
    return ",\"os-extended-volumes:volumes_attached\":[" + String.join(",", ids) + "]";
  }

  private static List<VolumeId> ids(String... ids) {
    return java.util.Arrays.stream(ids).map(VolumeId::of).toList();
  }

  /** Volumes as the cloud tells them, and of one that it does not know nothing but the id. */
  private static List<Volume> told(OpenStackCloud cloud, String... ids) {
    List<Volume> told = new ArrayList<>();
    for (String id : ids) {
      try {
        told.add(cloud.volume(VolumeId.of(id)));
      } catch (NotFoundException e) {
        told.add(BlockParser.volume(read("{\"id\":\"" + id + "\",\"status\":\"in-use\"}")));
      }
    }
    return told;
  }

  @Test
  void listsServersWithExactlyThatName() {
    servers(server("s1", "web.1", ""), server("s2", "webx1", ""));
    OpenStackCloud cloud = cloud();
    assertEquals(
        List.of("s1"),
        cloud.servers(ServerQuery.named("web.1")).stream().map(it -> it.id().value()).toList());
    RecordedRequest request = fake.requests("GET", NOVA + "/servers/detail").get(0);
    assertEquals("^web.*1$", request.getUrl().queryParameter("name"));
    assertEquals(2, cloud.servers(ServerQuery.all()).size());
    cloud.servers(ServerQuery.everyProject());
    assertEquals(
        "1",
        fake.requests("GET", NOVA + "/servers/detail")
            .get(2)
            .getUrl()
            .queryParameter("all_tenants"));
  }

  @Test
  void oldCloudsAreAskedForFlavorsOnce() {
    String[] records = new String[50];
    for (int i = 0; i < records.length; i++) {
      records[i] =
          "{\"id\":\"s"
              + i
              + "\",\"status\":\"ACTIVE\",\"image\":{\"id\":\"i\"},\"flavor\":{\"id\":\""
              + i % 3
              + "\"}}";
    }
    servers(records);
    fake.onWithToken(
        "GET",
        NOVA + "/flavors/detail",
        request ->
            json(
                200,
                "{\"flavors\":[{\"id\":\"0\",\"name\":\"zero\",\"vcpus\":1,\"ram\":1,\"disk\":1,\"swap\":\"\"},{\"id\":1,\"name\":\"one\",\"vcpus\":2}]}"));
    List<Server> servers = cloud().servers(ServerQuery.all());
    assertEquals("zero", servers.get(0).flavor().orElseThrow().name());
    assertEquals("one", servers.get(1).flavor().orElseThrow().name());
    // Deleted: known by its id only.
    assertEquals("2", servers.get(2).flavor().orElseThrow().name());
    assertEquals(1, fake.requests("GET", NOVA + "/flavors/detail").size());
    assertEquals(1, fake.requests("GET", NOVA + "/flavors/2").size());
  }

  @Test
  void disksOfOneServerAndOfMany() {
    volumes(
        volume("v1", "s1", "/dev/vdb", ""),
        volume("v0", "s1", "/dev/vda", ""),
        volume("v2", "s2", "/dev/vda", ""));
    servers(server("s1", "a", attached("v1", "v0")), server("s2", "b", attached("v2")));
    OpenStackCloud cloud = cloud(fake.config().pageSize(2));
    Server first = cloud.server(ServerId.of("s1"));
    List<Disk> disks = cloud.disks(first);
    assertEquals(List.of("v0", "v1"), disks.stream().map(Disk::id).toList());
    assertEquals("volume-v0", disks.get(0).imageName());
    assertEquals(2L << 30, disks.get(0).size());
    List<Server> servers = cloud.servers(ServerQuery.all());
    int before = fake.requests().size();
    Map<ServerId, List<Disk>> all = cloud.disks(servers);
    assertEquals(2, fake.requests().size() - before, "pages of volumes, and nothing else");
    assertEquals(disks, all.get(ServerId.of("s1")));
    assertEquals(1, all.get(ServerId.of("s2")).size());
  }

  @Test
  void aVolumeThatCinderDoesNotKnowIsNotLeftOut() {
    volumes(volume("v0", "s1", "/dev/vda", ""));
    servers(server("s1", "a", attached("v0", "lost")));
    OpenStackCloud cloud = cloud();
    Server server = cloud.server(ServerId.of("s1"));
    assertThrows(NotFoundException.class, () -> cloud.disks(server));
    assertThrows(NotFoundException.class, () -> cloud.disks(List.of(server)));
  }

  @Test
  void describesAServerSoThatItCanBeBuiltAgain() {
    volumes(
        volume(
            "v0",
            "s1",
            "/dev/vda",
            ",\"volume_image_metadata\":{\"hw_disk_bus\":\"scsi\"},\"metadata\":{\"k\":\"v\"}"));
    servers(
        server(
            "s1",
            "a",
            attached("v0")
                + ",\"description\":\"shop\",\"tags\":[\"gold\"],\"user_id\":\"u1\",\"metadata\":{\"m\":\"1\"},"
                + "\"addresses\":{\"net\":[{\"addr\":\"10.0.0.2\",\"version\":4}]},\"OS-EXT-SRV-ATTR:user_data\":\"c2VjcmV0\""));
    fake.onWithToken(
        "GET",
        NOVA + "/servers/s1/os-interface",
        request ->
            json(
                200,
                "{\"interfaceAttachments\":[{\"port_id\":\"p1\",\"net_id\":\"n1\",\"mac_addr\":\"fa:16\",\"fixed_ips\":[{\"subnet_id\":\"x\",\"ip_address\":\"10.0.0.2\"}]}]}"));
    ServerDescription description = cloud().describe(ServerId.of("s1"));
    assertEquals(Optional.of(true), description.disks().get(0).deletedWithServer());
    Fields json = read(description.toJson());
    assertEquals(Optional.of("server-description/1"), json.text("format"));
    assertEquals(Optional.of("shop"), json.text("description"));
    assertEquals(1, json.object("flavor").number("vcpus").orElseThrow());
    Fields disk = json.objects("disks").get(0);
    assertEquals(Optional.of("volume-v0"), disk.text("imageName"));
    assertEquals("scsi", disk.map("imageMetadata").get("hw_disk_bus"));
    assertEquals("v", disk.object("volume").map("metadata").get("k"));
    assertEquals(Optional.of("n1"), json.objects("ports").get(0).text("networkId"));
    assertFalse(description.toJson().contains("c2VjcmV0"));
  }

  @Test
  void findsThePoolByTheAttachmentOrAsAdministratorByTheBackend() {
    volumes(
        volume("v0", "s1", "/dev/vda", ""),
        volume("v1", "s1", "/dev/vdb", ",\"os-vol-host-attr:host\":\"h@hdd#hdd\""));
    servers(server("s1", "a", attached("v0", "v1")));
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/attachments/att-v0"),
        request ->
            json(
                200,
                "{\"attachment\":{\"id\":\"att-v0\",\"connection_info\":{\"driver_volume_type\":\"rbd\",\"name\":\"ssd/volume-other\",\"hosts\":[\"m\"],\"ports\":[\"1\"]}}}"));
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/attachments/att-v1"),
        request -> json(200, "{\"attachment\":{\"id\":\"att-v1\",\"connection_info\":null}}"));
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/scheduler-stats/get_pools"),
        request ->
            json(
                200,
                "{\"pools\":[{\"name\":\"h@hdd#hdd\",\"capabilities\":{\"location_info\":\"ceph:/c:fsid:u:slow\"}}]}"));
    OpenStackCloud cloud = cloud();
    List<Disk> disks = cloud.disks(cloud.server(ServerId.of("s1")));
    assertEquals(Optional.of(ImageSpec.of("ssd", "volume-other")), cloud.imageOf(disks.get(0)));
    assertEquals(
        "volume 3.27",
        fake.requests("GET", FakeBlockStorage.path("/attachments/att-v0"))
            .get(0)
            .getHeaders()
            .get("OpenStack-API-Version"));
    assertEquals(Optional.of(ImageSpec.of("slow", "volume-v1")), cloud.imageOf(disks.get(1)));
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/scheduler-stats/get_pools"),
        request -> json(403, "{\"forbidden\":{\"code\":403,\"message\":\"Policy\"}}"));
    assertEquals(Optional.empty(), cloud.imageOf(disks.get(1)));
    assertEquals(0, fake.requests("POST", ".*/action").size(), "nobody was asked to connect");
  }

  @Test
  void takesSnapshotsOfAllDisksAndWaits() {
    storage.fate("v1", "creating", "creating", "available");
    OpenStackCloud cloud = cloud();
    List<CloudSnapshot> taken =
        cloud.snapshots().create(ids("v0", "v1", "v2"), "sync-c7-1", OURS, MINUTE);
    assertEquals(ids("v0", "v1", "v2"), taken.stream().map(CloudSnapshot::volume).toList());
    for (CloudSnapshot each : taken) {
      assertEquals("available", each.status());
      assertEquals(OURS, each.metadata());
    }
    storage.addForeign("theirs-1", "v0");
    assertEquals(3, cloud.snapshots().withMetadata(OURS).size());
    assertEquals(3, cloud.snapshots().withMetadata(Map.of("owner", "sync-1")).size());
    assertEquals(List.of(taken.get(0)), cloud.snapshots().withMetadata(VolumeId.of("v0"), OURS));
    List<RecordedRequest> lists = fake.requests("GET", FakeBlockStorage.path("/snapshots/detail"));
    assertEquals("v0", lists.get(lists.size() - 1).getUrl().queryParameter("volume_id"));
    for (CloudSnapshot each : taken) {
      cloud.snapshots().remove(each.id(), MINUTE);
    }
    assertEquals(List.of("theirs-1"), storage.ids());
    cloud.snapshots().remove(taken.get(0).id(), MINUTE);
  }

  @Test
  void whatAPartlyFailedPointMadeIsRemoved() {
    storage.fate("v1", "creating", "error");
    OpenStackCloud cloud = cloud();
    SyncException failure =
        assertThrows(
            SyncException.class,
            () -> cloud.snapshots().create(ids("v0", "v1"), "sync-1", OURS, MINUTE));
    assertTrue(failure.getMessage().contains("state error"), failure.getMessage());
    assertEquals(List.of(), storage.ids());
  }

  @Test
  void refusedVolumesAreAConflictAndLeaveNothing() {
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/snapshots"),
        request ->
            request.getBody().utf8().contains("v1")
                ? json(
                    400,
                    "{\"badRequest\":{\"code\":400,\"message\":\"Invalid volume: Volume v1 status must be available or in-use, but current status is: attaching.\"}}")
                : storage.create(request));
    OpenStackCloud cloud = cloud();
    ConflictException failure =
        assertThrows(
            ConflictException.class,
            () -> cloud.snapshots().create(ids("v0", "v1", "v2"), "sync-1", OURS, MINUTE));
    assertEquals("volume v1", failure.subject());
    assertEquals(List.of(), storage.ids());
  }

  @Test
  void aLostAnswerIsLookedUpAndNotAskedAgain() {
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/snapshots"),
        request -> {
          storage.create(request);
          return new MockResponse.Builder().onResponseStart(new SocketEffect.CloseSocket()).build();
        });
    List<CloudSnapshot> taken = cloud().snapshots().create(ids("v0", "v1"), "sync-1", OURS, MINUTE);
    assertEquals(ids("v0", "v1"), taken.stream().map(CloudSnapshot::volume).toList());
    assertEquals(2, fake.requests("POST", FakeBlockStorage.path("/snapshots")).size());
    assertEquals(2, storage.ids().size());
  }

  @Test
  void gatewayTimeoutIsLookedUpUntilTheSnapshotAppears() {
    RecordedRequest[] late = new RecordedRequest[1];
    int[] looks = {0};
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/snapshots"),
        request -> {
          late[0] = request;
          return FakeCloud.html(504, "<html><h1>504 Gateway Time-out</h1></html>");
        });
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/snapshots/detail"),
        request -> {
          if (++looks[0] == 3) {
            storage.create(late[0]);
          }
          return storage.list(request);
        });
    List<CloudSnapshot> taken = cloud().snapshots().create(ids("v0"), "sync-1", OURS, MINUTE);
    assertEquals(1, taken.size());
    assertEquals(1, fake.requests("POST", FakeBlockStorage.path("/snapshots")).size());
  }

  @Test
  void aLostRequestThatNeverArrivedFailsAndLeavesNothing() {
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/snapshots"),
        request ->
            request.getBody().utf8().contains("v1")
                ? FakeCloud.html(502, "bad gateway")
                : storage.create(request));
    OpenStackCloud cloud = cloud();
    assertThrows(
        SyncException.class,
        () -> cloud.snapshots().create(ids("v0", "v1"), "sync-1", OURS, MINUTE));
    assertEquals(List.of(), storage.ids());
  }

  @Test
  void aQuotaThatWouldBeReachedInTheMiddleStopsItAtTheStart() {
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/limits"),
        request ->
            json(
                200,
                "{\"limits\":{\"absolute\":{\"maxTotalSnapshots\":10,\"totalSnapshotsUsed\":9}}}"));
    OpenStackCloud cloud = cloud();
    assertThrows(
        QuotaExceededException.class,
        () -> cloud.snapshots().create(ids("v0", "v1"), "sync-1", OURS, MINUTE));
    assertEquals(0, fake.requests("POST", FakeBlockStorage.path("/snapshots")).size());
    assertFalse(cloud.snapshotQuota().allows(2));
    assertTrue(cloud.snapshotQuota().allows(1));
  }

  @Test
  void everyReasonAgainstSnapshotsIsSaidWithoutTakingOne() {
    volumes(
        volume("v0", "s1", "/dev/vda", ""),
        volume("v1", "s1", "/dev/vdb", ",\"migration_status\":\"migrating\""),
        volume("v2", "s1", "/dev/vdc", "").replace("in-use", "extending"));
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/limits"),
        request ->
            json(
                200,
                "{\"limits\":{\"absolute\":{\"maxTotalSnapshots\":2,\"totalSnapshotsUsed\":0}}}"));
    OpenStackCloud cloud = cloud();
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v0")));
    List<Fault> faults = cloud.snapshots().check(told(cloud, "v0", "v1", "v2", "gone"));
    assertEquals(
        List.of("volume v1", "volume v2", "volume gone", "cloud fake"),
        faults.stream().map(Fault::subject).toList());
    assertEquals(0, fake.requests("POST", ".*/snapshots").size());
  }

  /** A plan has just read them. */
  @Test
  void onlyVolumesOfOtherProjectsAreAskedForAgainBeforeSnapshots() {
    String project = ",\"os-vol-tenant-attr:tenant_id\":\"%s\"";
    String own = volume("v0", "s1", "/dev/vda", String.format(Locale.ROOT, project, PROJECT));
    volumes(
        own,
        volume("v1", "s1", "/dev/vdb", String.format(Locale.ROOT, project, "another")),
        volume("v2", "s1", "/dev/vdc", ""));
    OpenStackCloud cloud = cloud();
    List<Volume> told = told(cloud, "v0", "v1", "v2");
    volumes(own.replace("in-use", "extending"));
    assertEquals(List.of(), cloud.snapshots().check(told));
    List<Integer> asked = new ArrayList<>();
    for (VolumeId each : ids("v0", "v1", "v2")) {
      asked.add(fake.requests("GET", FakeBlockStorage.path("/volumes/" + each)).size());
    }
    assertEquals(List.of(1, 2, 2), asked);
    assertEquals(
        1, cloud.snapshots().check(told(cloud, "v0")).size(), "its state is what was told");
  }

  @Test
  void noQuotaIsAskedForWhereThereIsNoVolume() {
    OpenStackCloud cloud = cloud();
    assertEquals(List.of(), cloud.snapshots().check(List.of()));
    assertEquals(0, fake.requests("GET", FakeBlockStorage.path("/.*")).size());
  }

  /** Volumes v0 and v1 of 2 GiB each; the fake's snapshots count 1 GiB. */
  @Test
  void gigabytesAreAFaultOnlyWhereTheProjectsOwnSumShowsThatSnapshotsCount() {
    volumes(volume("v0", "s1", "/dev/vda", ""), volume("v1", "s1", "/dev/vdb", ""));
    OpenStackCloud cloud = cloud();
    gigabytes(7, 4);
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v0", "v1")), "nothing shows it");
    storage.addForeign("theirs", "v0");
    gigabytes(8, 5);
    List<Fault> faults = cloud.snapshots().check(told(cloud, "v0", "v1"));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(
        faults.get(0).toString().contains("count as 4 GiB")
            && faults.get(0).toString().contains("leaves 3"),
        faults.toString());
    gigabytes(7, 4);
    assertEquals(
        List.of(), cloud.snapshots().check(told(cloud, "v0", "v1")), "snapshots do not count");
    gigabytes(9, 6);
    assertEquals(
        List.of(), cloud.snapshots().check(told(cloud, "v0", "v1")), "nobody knows what counts");
    int lists = fake.requests("GET", FakeBlockStorage.path("/volumes/detail")).size();
    gigabytes(9, 5);
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v0", "v1")), "it is enough");
    gigabytes(-1, 5);
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v0", "v1")), "unlimited");
    assertEquals(lists, fake.requests("GET", FakeBlockStorage.path("/volumes/detail")).size());
  }

  private void gigabytes(int limit, int used) {
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/limits"),
        request ->
            json(
                200,
                String.format(
                    Locale.ROOT,
                    "{\"limits\":{\"absolute\":{\"maxTotalVolumeGigabytes\":%d,\"totalGigabytesUsed\":%d}}}",
                    limit,
                    used)));
  }

  /** Cinder tells the quotas of volume types beside the project's own, to its members too. */
  @Test
  void quotasOfVolumeTypesAreFaultsToo() {
    volumes(
        volume("v0", "s1", "/dev/vda", ""),
        volume("v1", "s1", "/dev/vdb", ""),
        volume("v2", "s1", "/dev/vdc", "").replace("ssd", "hdd"));
    OpenStackCloud cloud = cloud();
    assertEquals(
        List.of(), cloud.snapshots().check(told(cloud, "v0", "v1", "v2")), "it is not told");
    typeQuotas(
        "\"snapshots_ssd\":{\"limit\":3,\"in_use\":1,\"reserved\":1},"
            + "\"snapshots_hdd\":{\"limit\":-1,\"in_use\":9,\"reserved\":0}");
    List<Fault> faults = cloud.snapshots().check(told(cloud, "v0", "v1", "v2"));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(
        faults.get(0).toString().contains("2 snapshots of volume type ssd are needed")
            && faults.get(0).toString().contains("leaves 1"),
        faults.toString());
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v0", "v2")));

    // 6 GiB of volumes and a snapshot of 1: the project's own sum shows that snapshots count.
    typeQuotas("\"gigabytes_hdd\":{\"limit\":3,\"in_use\":2,\"reserved\":0}");
    gigabytes(-1, 6);
    assertEquals(List.of(), cloud.snapshots().check(told(cloud, "v2")), "nothing shows it");
    storage.addForeign("theirs", "v0");
    gigabytes(-1, 7);
    int limits = fake.requests("GET", FakeBlockStorage.path("/limits")).size();
    faults = cloud.snapshots().check(told(cloud, "v0", "v2"));
    assertEquals(1, faults.size(), faults.toString());
    assertTrue(
        faults.get(0).toString().contains("volume type hdd count as 2 GiB")
            && faults.get(0).toString().contains("leaves 1"),
        faults.toString());
    assertEquals(limits + 1, fake.requests("GET", FakeBlockStorage.path("/limits")).size());
  }

  private void typeQuotas(String quotas) {
    fake.onWithToken(
        "GET",
        FakeBlockStorage.path("/os-quota-sets/" + FakeCloud.PROJECT),
        request -> json(200, "{\"quota_set\":{\"id\":\"p\"," + quotas + "}}"));
  }

  @Test
  void aQuotaThatIsReachedInTheMiddleLeavesNothing() {
    fake.onWithToken(
        "POST",
        FakeBlockStorage.path("/snapshots"),
        request ->
            request.getBody().utf8().contains("v1")
                ? new MockResponse.Builder()
                    .code(413)
                    .addHeader("Retry-After", "0")
                    .body(
                        "{\"overLimit\":{\"code\":413,\"message\":\"SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded\",\"retryAfter\":\"0\"}}")
                    .build()
                : storage.create(request));
    OpenStackCloud cloud = cloud();
    PermissionException failure =
        assertThrows(
            PermissionException.class,
            () -> cloud.snapshots().create(ids("v0", "v1"), "sync-1", OURS, MINUTE));
    assertTrue(failure instanceof QuotaExceededException);
    assertEquals(List.of(), storage.ids());
    assertEquals(2, fake.requests("POST", FakeBlockStorage.path("/snapshots")).size());
  }

  @Test
  void neverAvailableIsADeadlineAndCleanedUpOnceItIs() {
    storage.fate("v0", "creating", "creating", "creating", "creating", "creating", "available");
    OpenStackCloud cloud = cloud();
    assertThrows(
        DeadlineException.class,
        () -> cloud.snapshots().create(ids("v0"), "sync-1", OURS, Duration.ofSeconds(1)));
    assertEquals(List.of(), storage.ids());
  }

  @Test
  void aSnapshotThatSomebodyRemovesMeanwhileIsAConflict() {
    storage.fate("v0", "creating", "gone");
    OpenStackCloud cloud = cloud();
    assertThrows(
        ConflictException.class, () -> cloud.snapshots().create(ids("v0"), "sync-1", OURS, MINUTE));
  }

  @Test
  void statesOfRemovalAreToldApart() {
    OpenStackCloud cloud = cloud();
    for (String volume : List.of("clone", "broken", "slow")) {
      cloud.snapshots().create(ids(volume), "sync-" + volume, OURS, MINUTE);
    }
    storage.end("clone", "deleting", "available");
    storage.end("broken", "deleting", "error_deleting");
    storage.end("slow", "deleting", "deleting", "deleting", "gone");
    ConflictException clone =
        assertThrows(
            ConflictException.class,
            () -> cloud.snapshots().remove(CloudSnapshotId.of("snap-clone-1"), MINUTE));
    assertTrue(clone.getMessage().contains("a clone depends on it"), clone.getMessage());
    for (String night : List.of("first", "every other")) {
      ConflictException broken =
          assertThrows(
              ConflictException.class,
              () -> cloud.snapshots().remove(CloudSnapshotId.of("snap-broken-2"), MINUTE),
              night);
      assertTrue(
          broken
              .getMessage()
              .contains("openstack volume snapshot set --state available snap-broken-2"),
          broken.getMessage());
    }
    cloud.snapshots().remove(CloudSnapshotId.of("snap-slow-3"), MINUTE);
    assertEquals(List.of("snap-broken-2", "snap-clone-1"), storage.ids());
  }

  @Test
  void metadataThatSomeReleaseWouldRefuseIsRefusedHere() {
    OpenStackCloud cloud = cloud();
    for (Map<String, String> metadata :
        List.of(Map.of("a b", "x"), Map.of("", "x"), Map.of("k", "x".repeat(256)))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> cloud.snapshots().create(ids("v0"), "n", metadata, MINUTE));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> cloud.snapshots().create(ids("v0", "v0"), "n", Map.of(), MINUTE));
    assertEquals(0, fake.requests("POST", FakeBlockStorage.path("/snapshots")).size());
  }

  private static final String IMAGE = "8f1c6b1e-0b3a-4a52-9d4e-0c7d6d1c2b3a";

  @Test
  void anImageOfAVolumeBootedServerRefersToItsSnapshots() {
    servers(server("s1", "a", attached("v0", "v1")));
    OpenStackCloud cloud = cloud();
    List<CloudSnapshot> made =
        cloud.snapshots().create(ids("v0", "v1"), "snapshot for point-1", Map.of(), MINUTE);
    fake.onWithToken(
        "POST",
        NOVA + "/servers/s1/action",
        request -> json(202, "{\"image_id\":\"" + IMAGE + "\"}"));
    fake.onWithToken(
        "GET",
        "/image/v2/images/" + IMAGE,
        request ->
            json(
                200,
                String.format(
                    Locale.ROOT,
                    "{\"id\":\"%s\",\"status\":\"active\",\"size\":0,\"hw_qemu_guest_agent\":\"yes\",\"block_device_mapping\":\"[{\\\"snapshot_id\\\":\\\"%s\\\"},{\\\"source_type\\\":\\\"blank\\\",\\\"snapshot_id\\\":null},{\\\"snapshot_id\\\":\\\"%s\\\"}]\"}",
                    IMAGE,
                    made.get(0).id(),
                    made.get(1).id())));
    fake.onWithToken(
        "DELETE",
        "/image/v2/images/" + IMAGE,
        request -> new MockResponse.Builder().code(204).build());
    ServerImage image =
        cloud.createImage(cloud.server(ServerId.of("s1")), "point-1", Map.of(), MINUTE);
    assertEquals(2, image.snapshots().size());
    assertTrue(image.leavesDiffBase());
    assertTrue(image.quiesceAttempted());
    cloud.remove(image, MINUTE);
    assertEquals(List.of(), storage.ids());
    assertEquals(1, fake.requests("DELETE", "/image/v2/images/" + IMAGE).size());
  }

  /** Nova makes an image of s1 with a snapshot of each of these volumes, whoever asks. */
  private void novaMakesImages(OpenStackCloud cloud, String... volumes) {
    List<CloudSnapshot> made = new ArrayList<>();
    fake.onWithToken(
        "POST",
        NOVA + "/servers/s1/action",
        request -> {
          made.addAll(
              cloud.snapshots().create(ids(volumes), "snapshot for point", Map.of(), MINUTE));
          return json(202, "{\"image_id\":\"" + IMAGE + "\"}");
        });
    fake.onWithToken(
        "GET", "/image/v2/images/" + IMAGE, request -> json(200, imageOf(IMAGE, made)));
    fake.onWithToken(
        "DELETE",
        "/image/v2/images/[^/]+",
        request -> new MockResponse.Builder().code(204).build());
    fake.onWithToken("GET", "/image/v2/images", request -> json(200, "{\"images\":[]}"));
  }

  private static String imageOf(String id, List<CloudSnapshot> snapshots) {
    List<String> mapping = new ArrayList<>();
    snapshots.forEach(it -> mapping.add("{\\\"snapshot_id\\\":\\\"" + it.id() + "\\\"}"));
    return String.format(
        Locale.ROOT,
        "{\"id\":\"%s\",\"status\":\"active\",\"size\":0,\"hw_qemu_guest_agent\":\"yes\",\"sync-server\":\"s1\",\"sync-owner\":\"us\",\"block_device_mapping\":\"[%s]\"}",
        id,
        String.join(",", mapping));
  }

  private static Map<VolumeId, Map<String, String>> marked(String... volumes) {
    Map<VolumeId, Map<String, String>> marked = new java.util.LinkedHashMap<>();
    for (String volume : volumes) {
      marked.put(VolumeId.of(volume), Map.of("sync-owner", "us", "sync-chain", "c-" + volume));
    }
    return marked;
  }

  @Test
  void quiescedSnapshotsAreOursAndTheImageGoes() {
    String agent = ",\"volume_image_metadata\":{\"hw_qemu_guest_agent\":\"yes\"}";
    volumes(
        volume("v0", "s1", "/dev/vda", agent).replace("\"false\"", "\"true\""),
        volume("v1", "s1", "/dev/vdb", ""));
    servers(
        server("s1", "a", attached("v0", "v1")),
        server("s2", "b", attached("v1")),
        server("s3", "c", attached("v0", "v1")).replace("ACTIVE", "SHUTOFF"));
    OpenStackCloud cloud = cloud();
    assertTrue(cloud.snapshots().quiesces(cloud.server(ServerId.of("s1"))));
    assertFalse(cloud.snapshots().quiesces(cloud.server(ServerId.of("s2"))));
    assertFalse(cloud.snapshots().quiesces(cloud.server(ServerId.of("s3"))));
    novaMakesImages(cloud, "v1", "attached-meanwhile", "v0");
    var taken =
        cloud.snapshots().createQuiesced(ServerId.of("s1"), marked("v0", "v1"), "point", MINUTE);
    assertTrue(taken.attempted());
    assertEquals(ids("v0", "v1"), taken.snapshots().stream().map(CloudSnapshot::volume).toList());
    assertEquals(
        taken.snapshots().stream().map(it -> it.id().value()).sorted().toList(), storage.ids());
    assertEquals(
        List.of(taken.snapshots().get(1).id()),
        cloud.snapshots().withMetadata(Map.of("sync-chain", "c-v1")).stream()
            .map(CloudSnapshot::id)
            .toList());
    assertEquals(1, fake.requests("DELETE", "/image/v2/images/" + IMAGE).size());
  }

  @Test
  void aVolumeThatNovaPassedOverLeavesNothing() {
    servers(server("s1", "a", attached("v0")));
    OpenStackCloud cloud = cloud();
    novaMakesImages(cloud, "v0");
    SyncException failure =
        assertThrows(
            SyncException.class,
            () ->
                cloud
                    .snapshots()
                    .createQuiesced(ServerId.of("s1"), marked("v0", "v1"), "point", MINUTE));
    assertTrue(failure.getMessage().contains("v1"), failure.getMessage());
    assertEquals(List.of(), storage.ids());
    assertEquals(1, fake.requests("DELETE", "/image/v2/images/" + IMAGE).size());
  }

  @Test
  void whatACrashLeftOfAnImageIsRemovedButNothingThatIsMarked() {
    servers(server("s1", "a", attached("v0")));
    OpenStackCloud cloud = cloud();
    storage.addForeign("theirs", "v0");
    CloudSnapshot unmarked =
        cloud.snapshots().create(ids("v0"), "snapshot for old", Map.of(), MINUTE).get(0);
    CloudSnapshot kept =
        cloud
            .snapshots()
            .create(ids("v1"), "snapshot for old", Map.of("sync-owner", "us"), MINUTE)
            .get(0);
    novaMakesImages(cloud, "v0");
    String foreign = imageOf("image-of-another-owner", List.of(kept)).replace("\"us\"", "\"them\"");
    fake.onWithToken(
        "GET",
        "/image/v2/images",
        request ->
            json(
                200,
                "{\"images\":["
                    + imageOf("left-over", List.of(unmarked, kept))
                    + ","
                    + foreign
                    + "]}"));
    var taken = cloud.snapshots().createQuiesced(ServerId.of("s1"), marked("v0"), "point", MINUTE);
    assertEquals(
        java.util.stream.Stream.of(
                "theirs", kept.id().value(), taken.snapshots().get(0).id().value())
            .sorted()
            .toList(),
        storage.ids());
    assertEquals(1, fake.requests("DELETE", "/image/v2/images/left-over").size());
    assertEquals(0, fake.requests("DELETE", "/image/v2/images/image-of-another-owner").size());
  }

  @Test
  void whatNovaLeavesOfAnImageThatItCouldNotMakeIsRemoved() {
    servers(server("s1", "a", attached("v0", "v1")));
    OpenStackCloud cloud = cloud();
    fake.onWithToken(
        "POST",
        NOVA + "/servers/s1/action",
        request -> {
          cloud.snapshots().create(ids("v0"), "Momentaufnahme f\u00fcr point-1", Map.of(), MINUTE);
          return json(403, "{\"forbidden\":{\"code\":403,\"message\":\"No\"}}");
        });
    storage.addForeign("theirs", "v0");
    assertThrows(
        PermissionException.class,
        () -> cloud.createImage(cloud.server(ServerId.of("s1")), "point-1", Map.of(), MINUTE));
    assertEquals(List.of("theirs"), storage.ids());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            cloud.createImage(cloud.server(ServerId.of("s1")), "p", Map.of("owner", "us"), MINUTE));
  }

  @Test
  void anImageThatNovaGivesUpIsAFailure() {
    servers(server("s1", "a", ""));
    fake.onWithToken(
        "POST",
        NOVA + "/servers/s1/action",
        request ->
            new MockResponse.Builder()
                .code(202)
                .addHeader("Location", "http://internal:9292/images/" + IMAGE)
                .build());
    fake.onWithToken(
        "GET",
        "/image/v2/images/" + IMAGE,
        FakeCloud.inTurn(
            json(200, "{\"id\":\"" + IMAGE + "\",\"status\":\"queued\"}"),
            json(404, "{\"message\":\"No image found<br /><br />\",\"code\":\"404 Not Found\"}")));
    OpenStackCloud cloud = cloud();
    SyncException failure =
        assertThrows(
            SyncException.class,
            () -> cloud.createImage(cloud.server(ServerId.of("s1")), "p", Map.of(), MINUTE));
    assertTrue(failure.getMessage().contains("could not complete"), failure.getMessage());
  }

  @Test
  void tokensThatLiveShorterThanTheJobAreRenewedAlongTheWay() {
    fake.tokenLife(Duration.ofSeconds(10));
    servers(server("s1", "a", ""));
    OpenStackCloud cloud = cloud();
    for (int i = 0; i < 30; i++) {
      cloud.server(ServerId.of("s1"));
      ticker.advance(Duration.ofSeconds(3));
    }
    assertTrue(fake.logins() >= 9 && fake.logins() <= 31, "logins: " + fake.logins());
    assertEquals(30, fake.requests("GET", NOVA + "/servers/s1").size(), "none was refused");
  }

  @Test
  void aClosedCloudSaysSo() {
    servers(server("s1", "a", ""));
    OpenStackCloud cloud = cloud();
    cloud.close();
    cloud.close();
    assertThrows(IllegalStateException.class, () -> cloud.server(ServerId.of("s1")));
  }

  @Test
  void nineVolumesInPagesOfTwo() {
    String[] records = new String[9];
    for (int i = 0; i < records.length; i++) {
      records[i] = volume("v" + i, "s1", "/dev/vd" + (char) ('a' + i), "");
    }
    volumes(records);
    List<Volume> volumes = cloud(fake.config().pageSize(2)).volumes();
    assertEquals(9, volumes.size());
    assertEquals(5, fake.requests("GET", FakeBlockStorage.path("/volumes/detail")).size());
  }
}
