// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import com.sun.jna.NativeLibrary;

/**
 * The functions of librbd that not every supported release has, by their C names and prototypes.
 * Each is looked up when it is called; whoever calls one has asked for the {@link
 * com.oneprocloud.sync.ceph.Capability} first.
 */
public final class NewerRbd {
  /**
   * Bytes of {@code rbd_linked_image_spec_t}: pool id at 0, pool name at 8, namespace at 16, image
   * id at 24, image name at 32.
   */
  public static final int LINKED_IMAGE_SPEC_SIZE = 48;

  /** Bytes of {@code rbd_snap_spec_t}: id at 0, namespace type at 8, name at 16. */
  public static final int SNAP_SPEC_SIZE = 24;

  /** Bytes of {@code rbd_image_watcher_t}: address at 0, client id at 8, cookie at 16. */
  public static final int WATCHER_SIZE = 24;

  /** Flag of {@code rbd_diff_iterate3}: data that the image sees through to its parent counts. */
  public static final int DIFF_INCLUDE_PARENT = 1;

  private final NativeLibrary library;

  NewerRbd(NativeLibrary library) {
    this.library = library;
  }

  /**
   * {@code int rbd_open_by_id_read_only(rados_ioctx_t io, const char *id, rbd_image_t *image, const
   * char *snap_name)}; Luminous and later.
   */
  public int rbd_open_by_id_read_only(long ioctx, long id, long image, long snapshot) {
    return call("rbd_open_by_id_read_only", ioctx, id, image, snapshot);
  }

  /**
   * {@code int rbd_get_parent(rbd_image_t image, rbd_linked_image_spec_t *parent_image,
   * rbd_snap_spec_t *parent_snap)}; Nautilus and later.
   */
  public int rbd_get_parent(long image, long parentImage, long parentSnapshot) {
    return call("rbd_get_parent", image, parentImage, parentSnapshot);
  }

  /** Frees what {@link #rbd_get_parent} filled in. */
  public void rbd_get_parent_cleanup(long parentImage, long parentSnapshot) {
    call("rbd_linked_image_spec_cleanup", parentImage);
    call("rbd_snap_spec_cleanup", parentSnapshot);
  }

  /**
   * {@code int rbd_get_parent_info2(rbd_image_t image, char *parent_poolname, size_t ppoolnamelen,
   * char *parent_name, size_t pnamelen, char *parent_id, size_t pidlen, char *parent_snapname,
   * size_t psnapnamelen)}; Luminous and later.
   */
  public int rbd_get_parent_info2(
      long image,
      long pool,
      long poolLength,
      long name,
      long nameLength,
      long id,
      long idLength,
      long snapshot,
      long snapshotLength) {
    return call(
        "rbd_get_parent_info2",
        image,
        pool,
        poolLength,
        name,
        nameLength,
        id,
        idLength,
        snapshot,
        snapshotLength);
  }

  /**
   * {@code int rbd_snap_get_timestamp(rbd_image_t image, uint64_t snap_id, struct timespec
   * *timestamp)}; Luminous and later.
   */
  public int rbd_snap_get_timestamp(long image, long snapshotId, long timestamp) {
    return call("rbd_snap_get_timestamp", image, snapshotId, timestamp);
  }

  /**
   * {@code int rbd_snap_get_namespace_type(rbd_image_t image, uint64_t snap_id,
   * rbd_snap_namespace_type_t *namespace_type)}; Mimic and later.
   */
  public int rbd_snap_get_namespace_type(long image, long snapshotId, long type) {
    return call("rbd_snap_get_namespace_type", image, snapshotId, type);
  }

  /** {@code int rbd_snap_set_by_id(rbd_image_t image, uint64_t snap_id)}; Mimic and later. */
  public int rbd_snap_set_by_id(long image, long snapshotId) {
    return call("rbd_snap_set_by_id", image, snapshotId);
  }

  /**
   * {@code int rbd_snap_remove_by_id(rbd_image_t image, uint64_t snap_id)}; Mimic 13.2.2 and later.
   */
  public int rbd_snap_remove_by_id(long image, long snapshotId) {
    return call("rbd_snap_remove_by_id", image, snapshotId);
  }

  /**
   * {@code int rbd_diff_iterate3(rbd_image_t image, uint64_t from_snap_id, uint64_t ofs, uint64_t
   * len, uint32_t flags, int (*cb)(uint64_t, size_t, int, void *), void *arg)}; Reef 18.2.5 and
   * later.
   */
  public int rbd_diff_iterate3(
      long image, long fromId, long offset, long length, int flags, long callback, long argument) {
    return call("rbd_diff_iterate3", image, fromId, offset, length, flags, callback, argument);
  }

  /**
   * {@code int rbd_watchers_list(rbd_image_t image, rbd_image_watcher_t *watchers, size_t
   * *max_watchers)}; Mimic and later.
   */
  public int rbd_watchers_list(long image, long watchers, long count) {
    return call("rbd_watchers_list", image, watchers, count);
  }

  /** {@code void rbd_watchers_list_cleanup(rbd_image_watcher_t *watchers, size_t num_watchers)}. */
  public void rbd_watchers_list_cleanup(long watchers, long count) {
    call("rbd_watchers_list_cleanup", watchers, count);
  }

  private int call(String name, Object... arguments) {
    return library.getFunction(name).invokeInt(arguments);
  }
}
