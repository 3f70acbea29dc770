// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.inventory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.inventory.VolumeId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DiskLayoutTest {
  private static final ServerId SERVER = ServerId.of("s1");

  private static Server server(
      String status, boolean hasImage, String rootDevice, Flavor flavor, boolean configDrive) {
    return new Server(
        SERVER,
        "web",
        Optional.empty(),
        status,
        Optional.empty(),
        Optional.ofNullable(flavor),
        hasImage ? Optional.of("img") : Optional.empty(),
        List.of(),
        Map.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        configDrive,
        Optional.empty(),
        Optional.ofNullable(rootDevice),
        Optional.empty());
  }

  private static Server server(boolean hasImage, String rootDevice) {
    return server("ACTIVE", hasImage, rootDevice, null, false);
  }

  private static Volume volume(String id, String device, boolean bootable) {
    return new Volume(
        VolumeId.of(id),
        id,
        Optional.empty(),
        Optional.empty(),
        1L << 30,
        "in-use",
        Optional.empty(),
        Optional.empty(),
        bootable,
        false,
        true,
        Optional.empty(),
        List.of(
            new Volume.Attachment(
                ServerId.of("another"), Optional.of("/dev/vda"), Optional.empty()),
            new Volume.Attachment(SERVER, Optional.ofNullable(device), Optional.empty())),
        Map.of(),
        Optional.empty());
  }

  private static List<String> ids(Server server, Volume... volumes) {
    return DiskLayout.of(server, List.of(volumes)).stream()
        .map(it -> (it.isBootDisk() ? "*" : "") + it.id())
        .toList();
  }

  @Test
  void volumeBootedHasItsBootVolumeFirst() {
    assertEquals(
        List.of("*b", "a", "c", "d"),
        ids(
            server(false, null),
            volume("d", "/dev/vdaa", false),
            volume("c", "/dev/vdc", true),
            volume("a", "/dev/vdb", false),
            volume("b", "/dev/vda", true)));
  }

  @Test
  void imageBootedHasNovasRootDisk() {
    assertEquals(List.of("*s1_disk", "a"), ids(server(true, null), volume("a", "/dev/vdb", true)));
  }

  @Test
  void aServerWithAnImageCanBootFromAVolumeMadeOfIt() {
    assertEquals(
        List.of("*a", "b"),
        ids(server(true, null), volume("b", "/dev/vdb", false), volume("a", "/dev/vda", true)));
    assertEquals(List.of("*a"), ids(server(true, "/dev/vda"), volume("a", "/dev/vda", false)));
  }

  @Test
  void aDataVolumeOnAnotherBusIsNotTheRootDisk() {
    assertEquals(
        List.of("*s1_disk", "a"), ids(server(true, "/dev/vda"), volume("a", "/dev/sda", true)));
  }

  @Test
  void theRootDeviceOutweighsTheFirstLetter() {
    assertEquals(
        List.of("*b", "a"),
        ids(server(false, "/dev/vdb"), volume("a", "/dev/vda", true), volume("b", "vdb", false)));
  }

  @Test
  void withoutDevicesTheBootableVolumeIsTheRootDisk() {
    assertEquals(
        List.of("*b", "a"),
        ids(server(false, null), volume("a", null, false), volume("b", null, true)));
    assertEquals(List.of("*a"), ids(server(false, null), volume("a", null, false)));
  }

  @Test
  void novasOtherDisksAreListedWithTheirKind() {
    Flavor flavor = new Flavor(Optional.empty(), "f", 1, 64, 20, 5, 512, Map.of());
    List<Disk> disks = DiskLayout.of(server("ACTIVE", true, null, flavor, true), List.of());
    assertEquals(
        List.of("s1_disk", "s1_disk.eph0", "s1_disk.swap", "s1_disk.config"),
        disks.stream().map(Disk::imageName).toList());
    assertEquals(
        List.of(Disk.Kind.ROOT, Disk.Kind.EPHEMERAL, Disk.Kind.SWAP, Disk.Kind.CONFIG_DRIVE),
        disks.stream().map(Disk::kind).toList());
    assertEquals(
        List.of(20L << 30, 5L << 30, 512L << 20, 64L << 20),
        disks.stream().map(Disk::size).toList());
  }

  @Test
  void nobodyKnowsTheDisksOfACellThatIsDown() {
    assertThrows(
        ConflictException.class,
        () -> DiskLayout.of(server("UNKNOWN", true, null, null, false), List.of()));
  }
}
