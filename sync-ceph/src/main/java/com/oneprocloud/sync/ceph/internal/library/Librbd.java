// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

/**
 * The functions of librbd that every supported release has, by their C names and prototypes
 * (librbd.h of Jewel 10.2.6 and later). Bound directly, without a proxy. Functions that came later
 * are {@link Capability capabilities}.
 */
public final class Librbd {
  /** {@code LIBRADOS_OP_FLAG_FADVISE_SEQUENTIAL}: the data is read in order. */
  public static final int SEQUENTIAL = 0x8;

  /**
   * {@code LIBRADOS_OP_FLAG_FADVISE_NOCACHE}: the data is not read again soon; it is not worth a
   * place in a cache.
   */
  public static final int NOCACHE = 0x40;

  /** Bytes of {@code rbd_image_info_t}; {@code obj_size} is at 8. */
  public static final int IMAGE_INFO_SIZE = 160;

  /** Bytes of {@code rbd_snap_info_t}: id at 0, size at 8, name at 16. */
  public static final int SNAP_INFO_SIZE = 24;

  Librbd() {}

  /** {@code void rbd_version(int *major, int *minor, int *extra)}. */
  public native void rbd_version(long major, long minor, long extra);

  /**
   * {@code int rbd_open(rados_ioctx_t io, const char *name, rbd_image_t *image, const char
   * *snap_name)}.
   */
  public native int rbd_open(long ioctx, long name, long image, long snapshot);

  /**
   * {@code int rbd_open_read_only(rados_ioctx_t io, const char *name, rbd_image_t *image, const
   * char *snap_name)}.
   */
  public native int rbd_open_read_only(long ioctx, long name, long image, long snapshot);

  /** {@code int rbd_close(rbd_image_t image)}. */
  public native int rbd_close(long image);

  /** {@code int rbd_list(rados_ioctx_t io, char *names, size_t *size)}. */
  public native int rbd_list(long ioctx, long names, long size);

  /** {@code int rbd_stat(rbd_image_t image, rbd_image_info_t *info, size_t infosize)}. */
  public native int rbd_stat(long image, long info, long infoSize);

  /** {@code int rbd_get_id(rbd_image_t image, char *id, size_t id_len)}. */
  public native int rbd_get_id(long image, long id, long length);

  /** {@code int rbd_get_block_name_prefix(rbd_image_t image, char *prefix, size_t prefix_len)}. */
  public native int rbd_get_block_name_prefix(long image, long prefix, long length);

  /** {@code int64_t rbd_get_data_pool_id(rbd_image_t image)}. */
  public native long rbd_get_data_pool_id(long image);

  /** {@code int rbd_get_size(rbd_image_t image, uint64_t *size)}. */
  public native int rbd_get_size(long image, long size);

  /** {@code int rbd_get_features(rbd_image_t image, uint64_t *features)}. */
  public native int rbd_get_features(long image, long features);

  /** {@code int rbd_get_old_format(rbd_image_t image, uint8_t *old)}. */
  public native int rbd_get_old_format(long image, long old);

  /** {@code int rbd_get_stripe_unit(rbd_image_t image, uint64_t *stripe_unit)}. */
  public native int rbd_get_stripe_unit(long image, long stripeUnit);

  /** {@code int rbd_get_stripe_count(rbd_image_t image, uint64_t *stripe_count)}. */
  public native int rbd_get_stripe_count(long image, long stripeCount);

  /** {@code int rbd_get_overlap(rbd_image_t image, uint64_t *overlap)}. */
  public native int rbd_get_overlap(long image, long overlap);

  /**
   * {@code int rbd_get_parent_info(rbd_image_t image, char *parent_poolname, size_t ppoolnamelen,
   * char *parent_name, size_t pnamelen, char *parent_snapname, size_t psnapnamelen)}.
   */
  public native int rbd_get_parent_info(
      long image,
      long pool,
      long poolLength,
      long name,
      long nameLength,
      long snapshot,
      long snapshotLength);

  /** {@code int rbd_snap_list(rbd_image_t image, rbd_snap_info_t *snaps, int *max_snaps)}. */
  public native int rbd_snap_list(long image, long snapshots, long count);

  /** {@code void rbd_snap_list_end(rbd_snap_info_t *snaps)}. */
  public native void rbd_snap_list_end(long snapshots);

  /**
   * {@code int rbd_snap_is_protected(rbd_image_t image, const char *snap_name, int *is_protected)}.
   */
  public native int rbd_snap_is_protected(long image, long name, long isProtected);

  /** {@code int rbd_snap_set(rbd_image_t image, const char *snapname)}. */
  public native int rbd_snap_set(long image, long name);

  /** {@code int rbd_snap_create(rbd_image_t image, const char *snapname)}. */
  public native int rbd_snap_create(long image, long name);

  /** {@code int rbd_snap_remove(rbd_image_t image, const char *snapname)}. */
  public native int rbd_snap_remove(long image, long name);

  /**
   * {@code int rbd_diff_iterate2(rbd_image_t image, const char *fromsnapname, uint64_t ofs,
   * uint64_t len, uint8_t include_parent, uint8_t whole_object, int (*cb)(uint64_t, size_t, int,
   * void *), void *arg)}.
   */
  public native int rbd_diff_iterate2(
      long image,
      long from,
      long offset,
      long length,
      byte includeParent,
      byte wholeObject,
      long callback,
      long argument);

  /**
   * {@code int rbd_aio_create_completion(void *cb_arg, rbd_callback_t complete_cb, rbd_completion_t
   * *c)}.
   */
  public native int rbd_aio_create_completion(long argument, long callback, long completion);

  /**
   * {@code int rbd_aio_read2(rbd_image_t image, uint64_t off, size_t len, char *buf,
   * rbd_completion_t c, int op_flags)}.
   */
  public native int rbd_aio_read2(
      long image, long offset, long length, long buffer, long completion, int flags);

  /** {@code ssize_t rbd_aio_get_return_value(rbd_completion_t c)}. */
  public native long rbd_aio_get_return_value(long completion);

  /** {@code void rbd_aio_release(rbd_completion_t c)}. */
  public native void rbd_aio_release(long completion);
}
