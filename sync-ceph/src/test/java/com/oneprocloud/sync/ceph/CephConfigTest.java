// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class CephConfigTest {
  private static final String KEY = "AQBSdFhgyDp8LxAAFsbG/3y0rFEh3v2vaR5uCQ==";

  @Test
  void neverShowsTheKey() {
    CephConfig config =
        CephConfig.builder()
            .monitors("v1:10.0.0.1:6789")
            .user("backup")
            .key(KEY.toCharArray())
            .build();
    assertFalse(config.toString().contains(KEY), config::toString);
    assertTrue(config.toString().contains("client.backup"), config::toString);
    assertTrue(config.toString().contains("***"), config::toString);
    assertThrows(IllegalArgumentException.class, () -> CephConfig.builder().option("key", KEY));
    assertThrows(IllegalArgumentException.class, () -> CephConfig.builder().option(" KEY ", KEY));
  }

  @Test
  void keepsItsOwnCopyOfTheKey() {
    char[] key = KEY.toCharArray();
    CephConfig config = CephConfig.builder().monitors("a").user("b").key(key).build();
    key[0] = 'x';
    config.key().orElseThrow()[1] = 'x';
    assertArrayEquals(KEY.toCharArray(), config.key().orElseThrow());
    assertArrayEquals(KEY.toCharArray(), config.toBuilder().build().key().orElseThrow());
  }

  @Test
  void buildsOnAnotherOne() {
    CephConfig config =
        CephConfig.fromFile(Path.of("/etc/ceph/ceph.conf"), "client.backup").toBuilder()
            .monitors("10.0.0.1", " 10.0.0.2 ")
            .keyring(Path.of("keyring"))
            .option("RBD cache", "true")
            .libraryPath(Path.of("/opt/vendor/lib"))
            .connectDeadline(Duration.ofSeconds(1))
            .operationDeadline(Duration.ofMillis(1500))
            .snapshotRetry(Duration.ofSeconds(3))
            .snapshotDeadline(Duration.ofSeconds(4))
            .build();
    CephConfig same = config.toBuilder().build();
    assertEquals(config.toString(), same.toString());
    assertEquals(Path.of("/etc/ceph/ceph.conf"), same.file().orElseThrow());
    assertEquals("client.backup", same.user());
    assertEquals(List.of("10.0.0.1", "10.0.0.2"), same.monitors());
    assertEquals(Path.of("keyring"), same.keyring().orElseThrow());
    assertEquals(Map.of("rbd_cache", "true"), same.options());
    assertEquals(Path.of("/opt/vendor/lib"), same.libraryPath().orElseThrow());
    assertEquals(Duration.ofSeconds(1), same.connectDeadline());
    assertEquals(Duration.ofMillis(1500), same.operationDeadline());
    assertEquals(Duration.ofSeconds(3), same.snapshotRetry());
    assertEquals(Duration.ofSeconds(4), same.snapshotDeadline());
  }

  @Test
  void refusesWhatCannotConnect() {
    assertThrows(IllegalArgumentException.class, () -> CephConfig.builder().monitors("a").build());
    assertThrows(IllegalArgumentException.class, () -> CephConfig.builder().user("a").build());
    assertThrows(IllegalArgumentException.class, () -> CephConfig.builder().monitors("a", " "));
    assertThrows(
        IllegalArgumentException.class,
        () -> CephConfig.builder().operationDeadline(Duration.ofMillis(999)));
    assertThrows(
        IllegalArgumentException.class,
        () -> CephConfig.builder().connectDeadline(Duration.ofDays(2)));
  }
}
