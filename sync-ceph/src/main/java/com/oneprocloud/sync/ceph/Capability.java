// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

/**
 * Something that newer releases of librados or librbd can do and older ones cannot. Told by whether
 * the library has the function, never by its version: functions came and went between point
 * releases.
 */
public enum Capability {
  /** Opening an image by its internal id, whatever its name is now. */
  OPEN_BY_ID("rbd_open_by_id_read_only", "Luminous (12.2)"),
  /** The parent of a clone with its pool, namespace and ids ({@code rbd_get_parent}). */
  PARENT_BY_ID("rbd_get_parent", "Nautilus (14.2)"),
  /** The parent of a clone with its image id ({@code rbd_get_parent_info2}). */
  PARENT_IMAGE_ID("rbd_get_parent_info2", "Luminous (12.2)"),
  /** When a snapshot was taken. */
  SNAPSHOT_TIME("rbd_snap_get_timestamp", "Luminous (12.2)"),
  /** Who keeps a snapshot: a user, a group, the trash, mirroring. */
  SNAPSHOT_KIND("rbd_snap_get_namespace_type", "Mimic (13.2)"),
  /** Reading a snapshot by its id, and so snapshots of groups, mirroring and the trash. */
  READ_SNAPSHOT_BY_ID("rbd_snap_set_by_id", "Mimic (13.2)"),
  /** Removing a snapshot by its id. */
  REMOVE_SNAPSHOT_BY_ID("rbd_snap_remove_by_id", "Mimic (13.2.2)"),
  /** Whether a snapshot exists, asked by name. */
  SNAPSHOT_EXISTS("rbd_snap_exists", "Octopus (15.2)"),
  /**
   * A diff since a snapshot known by its id, and so since snapshots of groups, mirroring and the
   * trash.
   */
  DIFF_BY_ID("rbd_diff_iterate3", "Reef 18.2.5, Squid 19.2.3 or Tentacle (20.2)"),
  /** Who has an image open for writing. */
  WATCHERS("rbd_watchers_list", "Mimic (13.2)"),
  /** Writing zeros without sending them. */
  WRITE_ZEROES("rbd_write_zeroes", "Nautilus 14.2.11, Octopus 15.2.5 or Pacific (16.2)"),
  /** Checksums calculated by the OSDs. */
  CHECKSUM("rados_checksum", "Luminous (12.2)");

  private final String symbol;
  private final String since;

  Capability(String symbol, String since) {
    this.symbol = symbol;
    this.since = since;
  }

  /**
   * The C function that tells; librados has those that begin with {@code rados_}, librbd the
   * others.
   */
  public String symbol() {
    return symbol;
  }

  /** The first Ceph release whose library has it. */
  public String since() {
    return since;
  }
}
