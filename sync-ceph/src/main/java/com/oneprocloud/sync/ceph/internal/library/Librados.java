// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

/**
 * The functions of librados that every supported release has, by their C names and prototypes
 * (librados.h of Jewel 10.2 and later). Bound directly, without a proxy: a call costs a fraction of
 * a microsecond.
 */
public final class Librados {
  /**
   * {@code LIBRADOS_OP_FLAG_FAILOK}: if this part fails, the others are carried out all the same.
   */
  public static final int FAILOK = 2;

  Librados() {}

  /** {@code void rados_version(int *major, int *minor, int *extra)}. */
  public native void rados_version(long major, long minor, long extra);

  /**
   * {@code int rados_create2(rados_t *pcluster, const char *clustername, const char *name, uint64_t
   * flags)}.
   */
  public native int rados_create2(long cluster, long clusterName, long userName, long flags);

  /** {@code int rados_conf_read_file(rados_t cluster, const char *path)}. */
  public native int rados_conf_read_file(long cluster, long path);

  /** {@code int rados_conf_set(rados_t cluster, const char *option, const char *value)}. */
  public native int rados_conf_set(long cluster, long option, long value);

  /** {@code int rados_conf_get(rados_t cluster, const char *option, char *buf, size_t len)}. */
  public native int rados_conf_get(long cluster, long option, long buffer, long length);

  /** {@code int rados_connect(rados_t cluster)}. */
  public native int rados_connect(long cluster);

  /** {@code void rados_shutdown(rados_t cluster)}. */
  public native void rados_shutdown(long cluster);

  /** {@code int rados_cluster_fsid(rados_t cluster, char *buf, size_t len)}. */
  public native int rados_cluster_fsid(long cluster, long buffer, long length);

  /** {@code uint64_t rados_get_instance_id(rados_t cluster)}. */
  public native long rados_get_instance_id(long cluster);

  /**
   * {@code int rados_mon_command(rados_t cluster, const char **cmd, size_t cmdlen, const char
   * *inbuf, size_t inbuflen, char **outbuf, size_t *outbuflen, char **outs, size_t *outslen)}.
   */
  public native int rados_mon_command(
      long cluster,
      long command,
      long commandLength,
      long input,
      long inputLength,
      long output,
      long outputLength,
      long status,
      long statusLength);

  /** {@code void rados_buffer_free(char *buf)}. */
  public native void rados_buffer_free(long buffer);

  /** {@code int rados_pool_list(rados_t cluster, char *buf, size_t len)}. */
  public native int rados_pool_list(long cluster, long buffer, long length);

  /** {@code int64_t rados_pool_lookup(rados_t cluster, const char *pool_name)}. */
  public native long rados_pool_lookup(long cluster, long name);

  /** {@code int rados_ioctx_create2(rados_t cluster, int64_t pool_id, rados_ioctx_t *ioctx)}. */
  public native int rados_ioctx_create2(long cluster, long poolId, long ioctx);

  /** {@code void rados_ioctx_destroy(rados_ioctx_t io)}. */
  public native void rados_ioctx_destroy(long ioctx);

  /** {@code void rados_ioctx_set_namespace(rados_ioctx_t io, const char *nspace)}. */
  public native void rados_ioctx_set_namespace(long ioctx, long namespace);

  /** {@code void rados_ioctx_snap_set_read(rados_ioctx_t io, rados_snap_t snap)}. */
  public native void rados_ioctx_snap_set_read(long ioctx, long snapshot);

  /**
   * {@code int rados_exec(rados_ioctx_t io, const char *oid, const char *cls, const char *method,
   * const char *in_buf, size_t in_len, char *buf, size_t out_len)}.
   */
  public native int rados_exec(
      long ioctx,
      long object,
      long type,
      long method,
      long input,
      long inputLength,
      long output,
      long outputLength);

  /**
   * {@code int rados_read(rados_ioctx_t io, const char *oid, char *buf, size_t len, uint64_t off)}.
   */
  public native int rados_read(long ioctx, long object, long buffer, long length, long offset);

  /** {@code int rados_stat(rados_ioctx_t io, const char *o, uint64_t *psize, time_t *pmtime)}. */
  public native int rados_stat(long ioctx, long object, long size, long time);

  /**
   * {@code uint64_t rados_get_last_version(rados_ioctx_t io)}: the version of the object that the
   * last operation of this context was about.
   */
  public native long rados_get_last_version(long ioctx);

  /** {@code rados_read_op_t rados_create_read_op(void)}. */
  public native long rados_create_read_op();

  /** {@code void rados_release_read_op(rados_read_op_t read_op)}. */
  public native void rados_release_read_op(long operation);

  /**
   * {@code void rados_read_op_read(rados_read_op_t read_op, uint64_t offset, size_t len, char
   * *buffer, size_t *bytes_read, int *prval)}.
   */
  public native void rados_read_op_read(
      long operation, long offset, long length, long buffer, long bytesRead, long result);

  /**
   * {@code void rados_read_op_stat(rados_read_op_t read_op, uint64_t *psize, time_t *pmtime, int
   * *prval)}.
   */
  public native void rados_read_op_stat(long operation, long size, long time, long result);

  /**
   * {@code void rados_read_op_set_flags(rados_read_op_t read_op, int flags)}: of the operation that
   * was added last.
   */
  public native void rados_read_op_set_flags(long operation, int flags);

  /**
   * {@code void rados_read_op_omap_get_vals_by_keys(rados_read_op_t read_op, char const* const*
   * keys, size_t keys_len, rados_omap_iter_t *iter, int *prval)}.
   */
  public native void rados_read_op_omap_get_vals_by_keys(
      long operation, long keys, long keyCount, long iterator, long result);

  /**
   * {@code int rados_aio_create_completion(void *cb_arg, rados_callback_t cb_complete,
   * rados_callback_t cb_safe, rados_completion_t *pc)}.
   */
  public native int rados_aio_create_completion(
      long argument, long complete, long safe, long completion);

  /** {@code int rados_aio_get_return_value(rados_completion_t c)}. */
  public native int rados_aio_get_return_value(long completion);

  /** {@code void rados_aio_release(rados_completion_t c)}. */
  public native void rados_aio_release(long completion);

  /**
   * {@code int rados_aio_read_op_operate(rados_read_op_t read_op, rados_ioctx_t io,
   * rados_completion_t completion, const char *oid, int flags)}.
   */
  public native int rados_aio_read_op_operate(
      long operation, long ioctx, long completion, long object, int flags);

  /**
   * {@code int rados_omap_get_next(rados_omap_iter_t iter, char **key, char **val, size_t *len)}.
   */
  public native int rados_omap_get_next(long iterator, long key, long value, long length);

  /** {@code void rados_omap_get_end(rados_omap_iter_t iter)}. */
  public native void rados_omap_get_end(long iterator);
}
