// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.inventory;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.Volume;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Works out the disks of a server from its record and its volumes. Nova names its own disks after
 * the server: {@code <id>_disk}, {@code _disk.eph0}, {@code _disk.swap}, {@code _disk.config}.
 */
public final class DiskLayout {
  private static final long MIB = 1L << 20;
  private static final long GIB = 1L << 30;

  /** Nova makes every config drive this large in RBD. */
  private static final long CONFIG_DRIVE = 64 * MIB;

  private DiskLayout() {}

  /**
   * The disks: the boot disk first, then volumes by device name, then Nova's own other disks.
   *
   * @param server the server
   * @param volumes its volumes
   * @throws ConflictException if the server's cell is down, so that nobody knows its disks
   */
  public static List<Disk> of(Server server, List<Volume> volumes) {
    if (server.status().equals("UNKNOWN")) {
      throw new ConflictException(
          failed("list disks", "server " + server.id())
              .because("its status is UNKNOWN, so the part of the cloud that knows it is down")
              .advice("Try again when the compute cell is up"));
    }
    Optional<Volume> boot = bootVolume(server, volumes);
    List<Disk> disks = new ArrayList<>();
    boot.ifPresent(it -> disks.add(disk(server, it, OptionalInt.of(0))));
    Optional<Flavor> flavor = server.flavor();
    if (boot.isEmpty() && server.imageId().isPresent()) {
      disks.add(
          own(server, Disk.Kind.ROOT, "", flavor.map(Flavor::rootGiB).orElse(0L) * GIB, true));
    }
    volumes.stream()
        .filter(it -> boot.isEmpty() || !it.id().equals(boot.get().id()))
        .sorted(byDevice(server))
        .forEach(it -> disks.add(disk(server, it, OptionalInt.empty())));
    long ephemeral = flavor.map(Flavor::ephemeralGiB).orElse(0L);
    if (ephemeral > 0) {
      disks.add(own(server, Disk.Kind.EPHEMERAL, ".eph0", ephemeral * GIB, false));
    }
    long swap = flavor.map(Flavor::swapMiB).orElse(0L);
    if (swap > 0) {
      disks.add(own(server, Disk.Kind.SWAP, ".swap", swap * MIB, false));
    }
    if (server.configDrive()) {
      disks.add(own(server, Disk.Kind.CONFIG_DRIVE, ".config", CONFIG_DRIVE, false));
    }
    return List.copyOf(disks);
  }

  /**
   * The volume that a server boots from, if it does from one. That a server has an image proves
   * nothing: it may be what the boot volume was made of.
   */
  static Optional<Volume> bootVolume(Server server, List<Volume> volumes) {
    boolean hasImage = server.imageId().isPresent();
    if (server.rootDevice().isPresent()) {
      String root = bare(server.rootDevice().get());
      Optional<Volume> atRoot =
          volumes.stream().filter(it -> device(server, it).equals(root)).findFirst();
      if (atRoot.isPresent() || hasImage) {
        return atRoot;
      }
    }
    List<Volume> first = volumes.stream().filter(it -> isFirstDevice(device(server, it))).toList();
    Optional<Volume> likely = first.stream().filter(Volume::bootable).findFirst();
    if (likely.isPresent() || hasImage) {
      return likely;
    }
    // Without an image it boots from a volume for sure; take the likeliest.
    return first.stream()
        .findFirst()
        .or(() -> volumes.stream().filter(Volume::bootable).min(byDevice(server)))
        .or(() -> volumes.size() == 1 ? Optional.of(volumes.get(0)) : Optional.empty());
  }

  /** {@code vdz} comes before {@code vdaa}, and a device that nobody tells comes last. */
  private static Comparator<Volume> byDevice(Server server) {
    return Comparator.<Volume, Boolean>comparing(it -> device(server, it).isEmpty())
        .thenComparing(it -> device(server, it).length())
        .thenComparing(it -> device(server, it));
  }

  /** The device without its directory; empty if nobody tells. */
  private static String device(Server server, Volume volume) {
    return told(server, volume).map(DiskLayout::bare).orElse("");
  }

  private static Optional<String> told(Server server, Volume volume) {
    return volume.attachments().stream()
        .filter(it -> it.server().equals(server.id()))
        .findFirst()
        .flatMap(Volume.Attachment::device);
  }

  private static String bare(String device) {
    return device.substring(device.lastIndexOf('/') + 1);
  }

  /** {@code vda}, {@code sda}, {@code xvda}, {@code hda}; not {@code vdaa}. */
  private static boolean isFirstDevice(String device) {
    return device.matches("(v|s|xv|h|ub)da?") && device.endsWith("a");
  }

  private static Disk disk(Server server, Volume volume, OptionalInt bootIndex) {
    return new Disk(
        server.id(),
        Disk.Kind.VOLUME,
        "volume-" + volume.imageId(),
        volume.size(),
        bootIndex,
        told(server, volume),
        Optional.of(volume));
  }

  private static Disk own(
      Server server, Disk.Kind kind, String suffix, long size, boolean bootsFromIt) {
    return new Disk(
        server.id(),
        kind,
        server.id() + "_disk" + suffix,
        size,
        bootsFromIt ? OptionalInt.of(0) : OptionalInt.empty(),
        bootsFromIt ? server.rootDevice() : Optional.empty(),
        Optional.empty());
  }
}
