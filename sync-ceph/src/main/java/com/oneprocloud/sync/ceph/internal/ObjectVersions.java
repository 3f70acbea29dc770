// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * Compares the versions of data objects at two snapshots. Every write of a client gives an object a
 * version that its placement group never gave before, and the clone that a snapshot refers to keeps
 * the one it had; scrub, recovery and the trimming of snapshots leave it. Blocks; used by one
 * thread.
 */
final class ObjectVersions implements AutoCloseable {
  private static final String COMPARE = "compare objects";

  /** What an object that does not exist has for a version. */
  private static final long ABSENT = 0;

  private final Connection connection;
  private final Librados rados;
  private final String prefix;
  private final OptionalLong base;
  private final PoolContext then;
  private final PoolContext now;

  private ObjectVersions(
      Connection connection, String prefix, OptionalLong base, PoolContext then, PoolContext now) {
    this.connection = connection;
    this.rados = connection.libraries().rados();
    this.prefix = prefix;
    this.base = base;
    this.then = then;
    this.now = now;
  }

  /**
   * Opens two contexts of its own.
   *
   * @param prefix what the names of the image's data objects begin with
   * @param base the id of the older snapshot; empty for a time when no object existed
   */
  static ObjectVersions open(
      Connection connection, RbdImage image, String prefix, OptionalLong base, Snapshot snapshot) {
    PoolContext then = pool(connection, image);
    try {
      base.ifPresent(then::readAt);
      PoolContext now = pool(connection, image);
      now.readAt(snapshot.id().value());
      return new ObjectVersions(connection, prefix, base, then, now);
    } catch (RuntimeException | Error e) {
      then.close();
      throw e;
    }
  }

  private static PoolContext pool(Connection connection, RbdImage image) {
    return PoolContext.open(connection, image.layout().dataPoolId(), image.identity().namespace());
  }

  /** Whether an object was written to, made or removed between the two. */
  boolean differ(long object) {
    try (Scratch scratch = connection.scratch()) {
      String name = prefix + "." + String.format(Locale.ROOT, "%016x", object);
      long text = scratch.text(name);
      long before = base.isEmpty() ? ABSENT : version(then, name, text, scratch);
      return before != version(now, name, text, scratch);
    }
  }

  private long version(PoolContext pool, String name, long text, Scratch scratch) {
    int result = rados.rados_stat(pool.handle(), text, scratch.slot(), scratch.slot());
    if (Errno.ENOENT.is(result)) {
      return ABSENT;
    }
    Errno.check(COMPARE, name, result);
    return rados.rados_get_last_version(pool.handle());
  }

  @Override
  public void close() {
    now.close();
    then.close();
  }
}
