// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.openstack.CloudImage;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class GlanceTest {
  @Test
  void version2HasItsPropertiesFlat() throws IOException {
    CloudImage image =
        Glance.image(
            JsonText.read(
                """
                {"id":"i1","name":null,"status":"active","size":null,"virtual_size":null,"min_disk":1,"min_ram":0,
                 "disk_format":null,"container_format":null,"visibility":"shared","owner":"t","checksum":null,
                 "created_at":"2021-01-01T00:00:00Z","updated_at":"2021-01-01T00:00:00Z","tags":[],"protected":false,
                 "self":"/v2/images/i1","file":"/v2/images/i1/file","schema":"/v2/schemas/image","os_hidden":false,
                 "os_hash_algo":null,"os_hash_value":null,"locations":[{"url":"rbd://f/p/i1/snap","metadata":{}}],
                 "direct_url":"rbd://f/p/i1/snap","hw_qemu_guest_agent":"yes","bdm_v2":"True",
                 "block_device_mapping":"[{\\"snapshot_id\\": \\"n1\\"}]"}"""));
    assertEquals("", image.name());
    assertEquals(OptionalLong.empty(), image.size());
    assertEquals(Optional.empty(), image.diskFormat());
    assertEquals(
        Map.of(
            "hw_qemu_guest_agent", "yes",
            "bdm_v2", "True",
            "block_device_mapping", "[{\"snapshot_id\": \"n1\"}]"),
        image.properties());
    assertTrue(image.wantsQuiesce());
  }

  @Test
  void version1HasThemInAnObject() throws IOException {
    CloudImage image =
        Glance.image(
            JsonText.read(
                """
                {"id":"i2","name":"cirros","status":"active","size":13287936,"min_disk":0,"min_ram":0,
                 "disk_format":"qcow2","owner":"t","is_public":true,"deleted":false,"deleted_at":null,
                 "created_at":"2014-01-30T15:30:58","properties":{"kernel_id":"k"}}"""));
    assertEquals(OptionalLong.of(13287936), image.size());
    assertEquals("k", image.properties().get("kernel_id"));
    assertTrue(image.created().isPresent());
  }
}
