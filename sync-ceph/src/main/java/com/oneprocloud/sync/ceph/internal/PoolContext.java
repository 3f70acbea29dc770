// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.ceph.internal.library.CephLibraries;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.Scratch;

/**
 * A pool and a namespace within it ({@code rados_ioctx_t}). Blocks; used on the threads of {@link
 * NativeCalls} only. The namespace and the snapshot that are set belong to the context, so nobody
 * shares one.
 */
final class PoolContext implements AutoCloseable {
  private final Connection connection;
  private final long poolId;
  private final String namespace;
  private final long handle;

  private PoolContext(Connection connection, long poolId, String namespace, long handle) {
    this.connection = connection;
    this.poolId = poolId;
    this.namespace = namespace;
    this.handle = handle;
  }

  /** A context by the pool's id. */
  static PoolContext open(Connection connection, long poolId, String namespace) {
    return open(connection, connection.cluster(), poolId, namespace);
  }

  /** A context whose answers do not wait behind data, see {@link Connection#control}. */
  static PoolContext control(Connection connection, long poolId, String namespace) {
    return open(connection, connection.control(), poolId, namespace);
  }

  private static PoolContext open(
      Connection connection, long cluster, long poolId, String namespace) {
    CephLibraries libraries = connection.libraries();
    try (Scratch scratch = connection.scratch()) {
      long slot = scratch.slot();
      Errno.check(
          "open pool",
          "pool " + poolId,
          libraries.rados().rados_ioctx_create2(cluster, poolId, slot));
      long handle = Scratch.longAt(slot);
      connection.balance().add(NativeBalance.Kind.POOL, 1);
      if (!namespace.isEmpty()) {
        libraries.rados().rados_ioctx_set_namespace(handle, scratch.text(namespace));
      }
      return new PoolContext(connection, poolId, namespace, handle);
    }
  }

  /**
   * The id of a pool.
   *
   * @return negative if there is no such pool
   */
  static long poolId(Connection connection, String pool) {
    try (Scratch scratch = connection.scratch()) {
      long id =
          connection
              .libraries()
              .rados()
              .rados_pool_lookup(connection.cluster(), scratch.text(pool));
      if (id < 0 && !Errno.ENOENT.is(id)) {
        throw Errno.failure("find pool", pool, id);
      }
      return id;
    }
  }

  long poolId() {
    return poolId;
  }

  String namespace() {
    return namespace;
  }

  /** Makes it read objects as they were at a snapshot. */
  void readAt(long snapshot) {
    connection.libraries().rados().rados_ioctx_snap_set_read(handle, snapshot);
  }

  /** The {@code rados_ioctx_t}. */
  long handle() {
    return handle;
  }

  @Override
  public void close() {
    connection.libraries().rados().rados_ioctx_destroy(handle);
    connection.balance().add(NativeBalance.Kind.POOL, -1);
  }
}
