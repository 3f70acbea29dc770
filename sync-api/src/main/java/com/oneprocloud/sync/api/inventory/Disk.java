// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One block device of a server.
 *
 * @param server the server
 * @param kind what the disk is
 * @param imageName the name that its image has in whatever pool it lives: {@code volume-<id>},
 *     {@code <server id>_disk}
 * @param size bytes, as the cloud tells them; the image is what counts
 * @param bootIndex 0 for the disk that the server boots from, absent where the cloud does not tell
 *     an order
 * @param device the device name that the server was told, if any
 * @param volume the volume behind a disk of kind VOLUME
 */
public record Disk(
    ServerId server,
    Kind kind,
    String imageName,
    long size,
    OptionalInt bootIndex,
    Optional<String> device,
    Optional<Volume> volume) {
  /** Checks that a disk of kind VOLUME, and no other, has a volume. */
  public Disk {
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(imageName, "imageName");
    Objects.requireNonNull(bootIndex, "bootIndex");
    Objects.requireNonNull(device, "device");
    if (volume.isPresent() != (kind == Kind.VOLUME)) {
      throw new IllegalArgumentException("a disk of kind " + kind + ", volume " + volume);
    }
  }

  /** A name for people and for files: the volume's id, or the image's name. */
  public String id() {
    return volume.map(it -> it.id().value()).orElse(imageName);
  }

  /** Whether the server boots from it. */
  public boolean isBootDisk() {
    return bootIndex.isPresent() && bootIndex.getAsInt() == 0;
  }

  /** What a disk is. */
  public enum Kind {
    /** A Cinder volume. */
    VOLUME,
    /** The root disk of an image-booted server. */
    ROOT,
    /** An ephemeral disk: empty at first boot, lost with the server, but holding data meanwhile. */
    EPHEMERAL,
    /** A swap disk; its content is not worth moving. */
    SWAP,
    /** The read-only disk with the server's configuration; made anew by the cloud. */
    CONFIG_DRIVE
  }
}
