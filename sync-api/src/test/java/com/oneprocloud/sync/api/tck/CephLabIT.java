// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class CephLabIT {
  private final CephLab lab = CephLab.start();

  @Test
  void theClusterIsTheOneItSaysItIs() {
    assertEquals(lab.fsid(), lab.ceph("fsid").strip());
    assertTrue(lab.ceph("version").contains(" " + lab.release() + " "), lab.toString());
    assertTrue(Files.isReadable(lab.keyring("sync-reader")));
  }

  @Test
  void theLeastPrivilegeUsersMayWhatTheirNamesSayAndNoMore() {
    String image = "volumes/lab-" + UUID.randomUUID();
    lab.rbd("create", image, "--size", "8M", "--data-pool", "volumes-data");
    try {
      lab.rbd("--id", "sync-reader", "info", image);
      assertThrows(
          IllegalStateException.class,
          () -> lab.rbd("--id", "sync-reader", "snap", "create", "--no-progress", image + "@s"));
      lab.rbd("--id", "sync-snapshotter", "snap", "create", "--no-progress", image + "@s");
      lab.rbd("--id", "sync-snapshotter", "snap", "rm", "--no-progress", image + "@s");
      assertThrows(
          IllegalStateException.class,
          () ->
              lab.rados(
                  "-n", "client.sync-snapshotter", "-p", "volumes", "rm", "rbd_data.lab.absent"));
      assertThrows(
          IllegalStateException.class,
          () ->
              lab.ceph(
                  "-n", "client.sync-snapshotter", "osd", "blacklist", "add", "127.0.0.1:0/1"));
    } finally {
      lab.rbd("rm", "--no-progress", image);
    }
  }

  @Test
  void aSeparateClusterSurvivesItsFaultsAndIsGoneAfterwards() {
    CephLab separate = CephLab.startSeparate("lab-it", 25900);
    try {
      assertNotEquals(lab.fsid(), separate.fsid());
      separate.rados("-p", "backups", "create", "kept");
      separate.stopOsd(0);
      separate.startOsd(0);
      separate.pause();
      separate.resume();
      assertEquals("kept", separate.rados("-p", "backups", "ls").strip());
    } finally {
      separate.wipe();
    }
    assertFalse(Files.exists(separate.conf()));
  }
}
