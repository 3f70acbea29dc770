// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.Locale;

/**
 * Reads the object map of a snapshot from the object that librbd keeps it in, without librbd: no
 * lock matters, nothing is written, and the caller knows that the map was read. Blocks.
 */
final class ObjectMapRead {
  private static final String READ = "read object map";

  /** {@code RBD_FLAG_OBJECT_MAP_INVALID} and {@code RBD_FLAG_FAST_DIFF_INVALID}. */
  private static final long INVALID = 3;

  private final Connection connection;
  private final Librados rados;
  private final PoolContext pool;
  private final Snapshot snapshot;
  private final String imageId;
  private final String subject;
  private final long objects;

  /**
   * A read.
   *
   * @param pool a context of the image's pool and namespace
   */
  ObjectMapRead(Connection connection, RbdImage image, PoolContext pool, Snapshot snapshot) {
    this.connection = connection;
    this.rados = connection.libraries().rados();
    this.pool = pool;
    this.snapshot = snapshot;
    this.imageId = image.identity().imageId();
    this.subject = image.spec() + "@" + snapshot.name();
    this.objects = image.layout().objects(snapshot.size());
  }

  ObjectMap run() {
    byte[] states = states();
    // After the map: who damages it flags it afterwards.
    return ObjectMap.of(objects, (flags() & INVALID) == 0, states);
  }

  /** One read of the whole object, so that all of it is of one moment. */
  private byte[] states() {
    long expected = ObjectMapRecord.length(objects);
    try (Scratch scratch = connection.scratch()) {
      long buffer = scratch.bytes(expected + 1);
      int read =
          rados.rados_read(
              pool.handle(),
              scratch.text(
                  "rbd_object_map."
                      + imageId
                      + "."
                      + String.format(Locale.ROOT, "%016x", snapshot.id().value())),
              buffer,
              expected + 1,
              0);
      if (Errno.ENOENT.is(read)) {
        throw new NotFoundException(
            failed(READ, subject)
                .because("there is no object map of this snapshot")
                .code(Errno.ENOENT.name()));
      }
      Errno.check(READ, subject, read);
      return ObjectMapRecord.states(Scratch.bytesAt(buffer, read), objects);
    } catch (IllegalArgumentException e) {
      throw new StorageException(
          failed(READ, subject)
              .because("it is not a map of %d objects: %s", objects, String.valueOf(e.getMessage()))
              .cause(e));
    }
  }

  /** The flags of the snapshot (class method {@code rbd.get_flags}). */
  private long flags() {
    try (Scratch scratch = connection.scratch()) {
      long input = scratch.slot();
      Scratch.putLong(input, snapshot.id().value());
      long output = scratch.slot();
      int result =
          rados.rados_exec(
              pool.handle(),
              scratch.text("rbd_header." + imageId),
              scratch.text("rbd"),
              scratch.text("get_flags"),
              input,
              Long.BYTES,
              output,
              Long.BYTES);
      if (Errno.check(READ, subject, result) != Long.BYTES) {
        throw new StorageException(
            failed(READ, subject).because("the cluster's answer about flags cannot be read"));
      }
      return Scratch.longAt(output);
    }
  }
}
