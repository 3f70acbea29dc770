// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.block;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.openstack.SnapshotQuota;
import com.oneprocloud.sync.openstack.StoragePool;
import com.oneprocloud.sync.openstack.VolumeConnection;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class BlockParserTest {
  private static final long GIB = 1L << 30;

  private static Fields read(String json) {
    try {
      return JsonText.read(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void version1HasOtherNamesAndATypeThatIsNone() {
    Volume volume =
        BlockParser.volume(
            read(
                """
                {"id":"v1","display_name":"data","display_description":"","status":"in-use","size":"10",
                 "volume_type":"None","bootable":"true","availability_zone":"nova","created_at":"2014-01-30T15:30:58.819584",
                 "attachments":[{"server_id":"s1","id":"v1","device":"/dev/vdb","host_name":null,"volume_id":"v1"}],
                 "metadata":{},"snapshot_id":null,"source_volid":null,"encrypted":false}"""));
    assertEquals("data", volume.name());
    assertEquals(10 * GIB, volume.size());
    assertEquals(Optional.empty(), volume.type());
    assertTrue(volume.bootable());
    assertEquals(
        List.of(
            new Volume.Attachment(ServerId.of("s1"), Optional.of("/dev/vdb"), Optional.empty())),
        volume.attachments());
    assertEquals(Optional.of(Instant.parse("2014-01-30T15:30:58.819584Z")), volume.created());
  }

  @Test
  void version3AsAnAdministratorSeesAMigratedVolume() {
    Volume volume =
        BlockParser.volume(
            read(
                """
                {"id":"v2","name":null,"status":"IN-USE","size":1,"volume_type":"ssd","bootable":"false","multiattach":true,
                 "encrypted":true,"os-vol-host-attr:host":"h@ceph-ssd#ceph-ssd","os-vol-mig-status-attr:migstat":"success",
                 "os-vol-mig-status-attr:name_id":"n9","migration_status":"success","os-vol-tenant-attr:tenant_id":"t1",
                 "attachments":[{"server_id":"s1","attachment_id":"a1","host_name":"c","device":"/dev/vda"},
                  {"server_id":"s2","attachment_id":"a2","device":null}],"updated_at":null,"group_id":null,
                 "volume_image_metadata":{"min_disk":"0"},"created_at":"2020-05-01T00:00:00.000000","service_uuid":null,
                 "shared_targets":null,"cluster_name":null,"consumes_quota":true,"volume_type_id":"ty"}"""));
    assertEquals("", volume.name());
    assertEquals(VolumeId.of("n9"), volume.imageId());
    assertEquals("in-use", volume.status());
    assertEquals(Optional.of("ssd"), volume.type());
    assertEquals(Optional.of("h@ceph-ssd#ceph-ssd"), volume.host());
    assertEquals(Optional.of("success"), volume.migrationStatus());
    assertEquals(Optional.of("t1"), volume.projectId());
    assertTrue(volume.encrypted());
    assertTrue(volume.multiattach());
    assertFalse(volume.bootable());
    assertEquals(2, volume.attachments().size());
    assertEquals(Optional.of("a1"), volume.attachments().get(0).attachmentId());
  }

  @Test
  void nameIdThatIsNoOther() {
    for (String nameId : List.of("null", "\"\"", "\"None\"", "\"v3\"")) {
      Volume volume =
          BlockParser.volume(
              read(
                  "{\"id\":\"v3\",\"size\":null,\"volume_type\":null,\"attachments\":null,"
                      + "\"os-vol-mig-status-attr:name_id\":"
                      + nameId
                      + "}"));
      assertEquals(Optional.empty(), volume.nameId(), nameId);
      assertEquals(Optional.empty(), volume.type());
      assertEquals("unknown", volume.status());
    }
  }

  @Test
  void snapshotsOfEveryVersion() {
    CloudSnapshot old =
        BlockParser.snapshot(
            read(
                """
                {"id":"n1","display_name":"daily","display_description":null,"volume_id":"v1","status":"available",
                 "size":1,"created_at":"2014-01-30T15:30:58.000000","metadata":{"a":"b"},
                 "os-extended-snapshot-attributes:progress":"100%","os-extended-snapshot-attributes:project_id":"t"}"""));
    assertEquals("daily", old.name());
    assertEquals(GIB, old.size());
    assertEquals(Map.of("a", "b"), old.metadata());
    assertEquals("snapshot-n1", old.imageSnapshotName());
    CloudSnapshot young =
        BlockParser.snapshot(
            read(
                """
                {"id":"n2","name":null,"description":null,"volume_id":"v1","status":"error_deleting","size":"2",
                 "created_at":"2021-01-30T15:30:58.000000","updated_at":null,"metadata":null,"user_id":"u",
                 "group_snapshot_id":null,"consumes_quota":true}"""));
    assertEquals("", young.name());
    assertEquals("error_deleting", young.status());
  }

  @Test
  void connectionDataFlatAndNested() {
    VolumeConnection flat =
        BlockParser.connection(
                read(
                    """
                    {"name":"volumes/volume-v1","hosts":["10.0.0.1","10.0.0.2"],"ports":["6789","3300"],
                     "cluster_name":"ceph","auth_enabled":true,"auth_username":"cinder","secret_type":"ceph",
                     "secret_uuid":"x","volume_id":"v1","discard":true,"keyring":"[client.cinder]\\nkey=AQB",
                     "driver_volume_type":"rbd","attachment_id":"a1"}"""))
            .orElseThrow();
    assertEquals(ImageSpec.of("volumes", "volume-v1"), flat.image());
    assertEquals(List.of("10.0.0.1:6789", "10.0.0.2:3300"), flat.monitors());
    assertEquals(Optional.of("cinder"), flat.user());
    assertFalse(flat.toString().contains("AQB"));
    VolumeConnection nested =
        BlockParser.connection(
                read(
                    """
                    {"driver_volume_type":"rbd","data":{"name":"p/ns/volume-v1","hosts":[],"ports":[]}}"""))
            .orElseThrow();
    assertEquals(ImageSpec.of("p", "ns", "volume-v1"), nested.image());
    for (String none :
        List.of(
            "null",
            "{}",
            "{\"driver_volume_type\":\"iscsi\",\"data\":{\"name\":\"a/b\"}}",
            "{\"name\":\"a/b/c/d\"}",
            "{\"name\":\"lonely\"}")) {
      assertEquals(Optional.empty(), BlockParser.connection(read(none)), none);
    }
  }

  @Test
  void poolsTellWhereTheyAre() {
    StoragePool pool =
        BlockParser.pool(
            read(
                """
                {"name":"h@ceph-ssd#ceph-ssd","capabilities":{"volume_backend_name":"ceph-ssd","storage_protocol":"ceph",
                 "location_info":"ceph:/etc/ceph/ceph.conf:f-s-i-d:cinder:volumes","total_capacity_gb":100.5,
                 "free_capacity_gb":"infinite","driver_version":"1.2.0"}}"""));
    assertEquals(
        Optional.of(new StoragePool.CephLocation("ceph", "f-s-i-d", "cinder", "volumes")),
        pool.ceph());
    assertEquals(OptionalDouble.of(100.5), pool.totalGiB());
    StoragePool other =
        BlockParser.pool(
            read(
                "{\"name\":\"h@lvm#lvm\",\"capabilities\":{\"location_info\":\"LVMVolumeDriver:h:vg\"}}"));
    assertEquals(Optional.empty(), other.ceph());
    assertEquals(OptionalDouble.empty(), other.freeGiB());
  }

  @Test
  void quotasCanBeUnlimitedOrOverdrawn() {
    assertEquals(
        new ProjectQuota(
            new SnapshotQuota(OptionalLong.of(3), OptionalLong.empty()), OptionalLong.of(5)),
        BlockParser.quota(
            read(
                "{\"maxTotalSnapshots\":10,\"totalSnapshotsUsed\":7,\"maxTotalVolumeGigabytes\":-1,\"totalGigabytesUsed\":5}")));
    SnapshotQuota overdrawn =
        BlockParser.quota(read("{\"maxTotalSnapshots\":\"2\",\"totalSnapshotsUsed\":5}")).left();
    assertFalse(overdrawn.allows(1));
    assertEquals(ProjectQuota.untold(), BlockParser.quota(read("{}")));
    assertTrue(ProjectQuota.untold().left().allows(1000));
  }

  @Test
  void quotasOfVolumeTypesHoldWhatIsReservedToo() {
    Fields quotas =
        read(
            """
            {"id":"p","snapshots":{"limit":10,"in_use":9,"reserved":0},
             "snapshots_a_b":{"limit":5,"in_use":2,"reserved":1},"gigabytes_a_b":{"limit":-1,"in_use":4,"reserved":0},
             "snapshots_b":{"limit":3,"in_use":7},"gigabytes_b":{"limit":"8","in_use":"8","reserved":"0"}}""");
    assertEquals(
        new SnapshotQuota(OptionalLong.of(2), OptionalLong.empty()),
        BlockParser.typeQuota(quotas, "a_b"));
    assertEquals(
        new SnapshotQuota(OptionalLong.of(0), OptionalLong.of(0)),
        BlockParser.typeQuota(quotas, "b"));
    assertEquals(ProjectQuota.untold().left(), BlockParser.typeQuota(quotas, "other"));
  }
}
