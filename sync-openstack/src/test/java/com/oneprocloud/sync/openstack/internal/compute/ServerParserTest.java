// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.compute;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.openstack.internal.json.Fields;
import com.oneprocloud.sync.openstack.internal.json.JsonText;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The shapes that a server has had, release by release. */
class ServerParserTest {
  private static Fields read(String json) {
    try {
      return JsonText.read(json);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static Server parse(String json) {
    return ServerParser.server(read(json));
  }

  @Test
  void junoAsAUserSeesIt() {
    String juno =
        """
        {"status":"ACTIVE","updated":"2014-11-03T10:13:55Z","hostId":"aa11","addresses":{"private":
          [{"OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:00:00:01","version":4,"addr":"10.0.0.3","OS-EXT-IPS:type":"fixed"},
           {"version":6,"addr":"fd00::3"}],"public":null},
         "links":[{"href":"http://x/v2/t/servers/s1","rel":"self"}],"key_name":null,
         "image":{"id":"img1","links":[]},"OS-EXT-STS:task_state":null,"OS-EXT-STS:vm_state":"active",
         "OS-SRV-USG:launched_at":"2014-11-03T10:13:55.000000","flavor":{"id":"2","links":[]},"id":"s1",
         "security_groups":[{"name":"default"},{"name":"default"}],"OS-SRV-USG:terminated_at":null,
         "OS-EXT-AZ:availability_zone":"nova","user_id":"u1","name":"web","created":"2014-11-03T10:13:43Z",
         "tenant_id":"t1","OS-DCF:diskConfig":"MANUAL","os-extended-volumes:volumes_attached":[{"id":"v1"}],
         "accessIPv4":"","accessIPv6":"","progress":0,"OS-EXT-STS:power_state":1,"config_drive":"","metadata":{}}""";
    Server server = parse(juno);
    assertEquals("s1", server.id().value());
    assertEquals("web", server.name());
    assertEquals(Optional.of("t1"), server.projectId());
    assertEquals("ACTIVE", server.status());
    assertEquals(Optional.empty(), server.taskState());
    assertEquals(Optional.empty(), server.flavor());
    assertEquals(Optional.of("2"), ServerParser.flavorId(read(juno)));
    assertEquals(Optional.of("img1"), server.imageId());
    assertEquals(List.of(VolumeId.of("v1")), server.volumeIds());
    assertEquals(
        List.of(
            new Server.Address(
                "10.0.0.3", 4, Optional.of("fixed"), Optional.of("fa:16:3e:00:00:01")),
            new Server.Address("fd00::3", 6, Optional.empty(), Optional.empty())),
        server.addresses().get("private"));
    assertEquals(List.of(), server.addresses().get("public"));
    assertEquals(List.of("default"), server.securityGroups());
    assertFalse(server.configDrive());
    assertEquals(Optional.empty(), server.host());
    assertEquals(Optional.of(Instant.parse("2014-11-03T10:13:43Z")), server.created());
  }

  @Test
  void volumeBootedAsAnAdministratorSeesItInKilo() {
    String kilo =
        """
        {"id":"s2","name":"db","status":"SHUTOFF","tenant_id":"t1","image":"","flavor":{"id":"1"},
         "OS-EXT-SRV-ATTR:host":"c1","OS-EXT-SRV-ATTR:root_device_name":"/dev/vda",
         "OS-EXT-SRV-ATTR:user_data":"c2VjcmV0","OS-EXT-STS:task_state":"powering-off","config_drive":"True",
         "os-extended-volumes:volumes_attached":[{"id":"v1","delete_on_termination":true},{"id":"v2","delete_on_termination":false}],
         "metadata":{"role":"db","n":5,"none":null}}""";
    Server server = parse(kilo);
    assertEquals(Optional.empty(), server.imageId());
    assertEquals(Optional.of("c1"), server.host());
    assertEquals(Optional.of("/dev/vda"), server.rootDevice());
    assertEquals(Optional.of("powering-off"), server.taskState());
    assertTrue(server.configDrive());
    assertEquals(Map.of("role", "db", "n", "5", "none", ""), server.metadata());
    assertEquals(
        Map.of(VolumeId.of("v1"), true, VolumeId.of("v2"), false),
        ServerParser.deletedOnTermination(read(kilo)));
    assertFalse(server.toString().contains("c2VjcmV0"));
  }

  @Test
  void flavorIsEmbeddedFromPikeOn() {
    Server server =
        parse(
            """
            {"id":"s3","name":null,"status":"ACTIVE","image":null,"flavor":{"vcpus":2,"ram":4096,"disk":20,
             "ephemeral":10,"swap":512,"original_name":"m1.db","extra_specs":{"hw:cpu_policy":"dedicated"}},
             "tags":["a"],"locked":false,"description":null,"trusted_image_certificates":null}""");
    assertEquals("", server.name());
    Flavor flavor = server.flavor().orElseThrow();
    assertEquals(
        new Flavor(
            Optional.empty(), "m1.db", 2, 4096, 20, 10, 512, Map.of("hw:cpu_policy", "dedicated")),
        flavor);
  }

  @Test
  void flavorsOfTheListHaveSwapAsTextOrNumber() {
    Flavor old =
        ServerParser.flavor(
            read(
                """
                {"id":5,"name":"m1.xlarge","vcpus":"8","ram":16384,"disk":160,"swap":"","rxtx_factor":1.0,
                 "OS-FLV-EXT-DATA:ephemeral":3,"OS-FLV-DISABLED:disabled":false,"os-flavor-access:is_public":true}"""));
    assertEquals(new Flavor(Optional.of("5"), "m1.xlarge", 8, 16384, 160, 3, 0, Map.of()), old);
  }

  @Test
  void recordOfACellThatIsDown() {
    Server server =
        parse(
            """
            {"created":"2018-06-29T15:07:29Z","id":"s4","status":"UNKNOWN","tenant_id":"t1",
             "links":[{"href":"http://x","rel":"self"}]}""");
    assertEquals("UNKNOWN", server.status());
    assertEquals(Optional.of("t1"), server.projectId());
    assertEquals(List.of(), server.volumeIds());
    assertEquals(Map.of(), server.addresses());
    assertEquals(Optional.empty(), server.flavor());
  }

  @Test
  void configDrivesAreToldInManyWays() {
    for (String yes :
        List.of("true", "\"True\"", "\"9bb5c9a1-5cd2-44c1-a7a9-3d1bbb4a0c1e\"", "1")) {
      assertTrue(parse("{\"id\":\"s\",\"config_drive\":" + yes + "}").configDrive(), yes);
    }
    for (String no : List.of("false", "\"\"", "null", "\"False\"", "0", "{}")) {
      assertFalse(parse("{\"id\":\"s\",\"config_drive\":" + no + "}").configDrive(), no);
    }
  }

  @Test
  void instanceWithoutTypeAndOtherOddities() {
    Server server =
        parse(
            """
            {"id":"s5","name":"odd","status":"Error","flavor":{},"image":{},"addresses":null,"metadata":null,
             "security_groups":null,"os-extended-volumes:volumes_attached":null,"config_drive":null,
             "fault":{"code":500,"message":"boom","created":"2015-01-01T00:00:00Z"},"unknown_field":[1,{"a":2}]}""");
    assertEquals("ERROR", server.status());
    assertEquals(Optional.empty(), server.flavor());
    assertEquals(Optional.empty(), server.imageId());
    assertFalse(server.configDrive());
  }
}
