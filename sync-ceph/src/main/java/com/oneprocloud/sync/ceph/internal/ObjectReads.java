// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.nio.ByteBuffer;
import java.util.Locale;

/**
 * Reads several ranges of one data object in one operation, straight from the OSD that holds it: a
 * fraction of the round trips, and of the work for client and OSD, that one read of librbd for each
 * range costs.
 *
 * <p>Only for images whose bytes are where the plain layout says, without a parent: a missing
 * object, or the part of a range behind the object's end, is a hole then. A read of this kind sends
 * holes inside an object as zeros over the network, which librbd does not, so large single ranges
 * are left to librbd as long as objects turn out to have holes. Thread-safe.
 */
final class ObjectReads implements AutoCloseable {
  /** From here on librbd asks for the parts of a range that hold data. */
  private static final long SPARSE_READ_BYTES = 64 << 10;

  /** {@code size_t} and {@code int}, each in a slot of 8 bytes, for each range. */
  private static final int RESULT_BYTES = 16;

  private final Connection connection;
  private final Librados rados;
  private final PoolContext pool;
  private final String prefix;
  private final long objectSize;
  private final Density density = new Density();

  private ObjectReads(
      Connection connection, PoolContext pool, String prefix, long objectSize, Snapshot snapshot) {
    this.connection = connection;
    this.rados = connection.libraries().rados();
    this.pool = pool;
    this.prefix = prefix;
    this.objectSize = objectSize;
    pool.readAt(snapshot.id().value());
  }

  /** Whether the bytes of an image are where its plain layout says. */
  static boolean fit(RbdImage image) {
    return !image.layout().striped() && !image.features().contains("migrating");
  }

  /**
   * Opens a context of its own, which reads at the snapshot. Blocks.
   *
   * @param prefix what the names of the image's data objects begin with
   */
  static ObjectReads open(Connection connection, RbdImage image, String prefix, Snapshot snapshot) {
    PoolContext pool =
        PoolContext.open(connection, image.layout().dataPoolId(), image.identity().namespace());
    return new ObjectReads(connection, pool, prefix, image.layout().objectSize(), snapshot);
  }

  /** Whether ranges are of one object and cost less this way. */
  boolean suits(long[] offsets, long[] lengths, int count) {
    int last = count - 1;
    boolean oneObject = offsets[0] / objectSize == (offsets[last] + lengths[last] - 1) / objectSize;
    return oneObject && (count > 1 || lengths[0] < SPARSE_READ_BYTES || density.isDense());
  }

  /** Takes note of a single range that was read, one way or the other. */
  void seen(ByteBuffer data, int position, long length) {
    if (length >= SPARSE_READ_BYTES) {
      density.seen(data, position, length);
    }
  }

  /**
   * Starts reading the ranges one behind the other into memory that stays valid until the operation
   * was told its result: the sum of the lengths, or a negative error code.
   */
  void start(
      long[] offsets, long[] lengths, int count, long address, Completions.Operation operation) {
    new ObjectRead(offsets, lengths, count, address, operation).start();
  }

  @Override
  public void close() {
    pool.close();
  }

  /** One operation. Its native memory lives until it completes. */
  private final class ObjectRead implements Completions.Operation {
    private final long[] offsets;
    private final long[] lengths;
    private final int count;
    private final long address;
    private final Completions.Operation then;
    private final Scratch scratch = connection.scratch();
    private final long operation = rados.rados_create_read_op();
    private final long results;

    ObjectRead(
        long[] offsets, long[] lengths, int count, long address, Completions.Operation then) {
      this.offsets = offsets;
      this.lengths = lengths;
      this.count = count;
      this.address = address;
      this.then = then;
      this.results = scratch.bytes((long) RESULT_BYTES * count);
      connection.balance().add(NativeBalance.Kind.MEMORY, 1);
    }

    void start() {
      long to = address;
      for (int i = 0; i < count; i++) {
        long result = results + (long) RESULT_BYTES * i;
        rados.rados_read_op_read(
            operation, offsets[i] % objectSize, lengths[i], to, result, result + 8);
        to += lengths[i];
      }
      long object =
          scratch.text(prefix + "." + String.format(Locale.ROOT, "%016x", offsets[0] / objectSize));
      connection
          .completions()
          .startRados(
              this,
              completion ->
                  rados.rados_aio_read_op_operate(operation, pool.handle(), completion, object, 0));
    }

    @Override
    public void complete(long returned) {
      long result;
      try {
        result = Errno.ENOENT.is(returned) ? zeros() : returned < 0 ? returned : filled();
      } finally {
        rados.rados_release_read_op(operation);
        scratch.close();
        connection.balance().add(NativeBalance.Kind.MEMORY, -1);
      }
      then.complete(result);
    }

    /** There is no such object at the snapshot: all of it is a hole. */
    private long zeros() {
      long total = 0;
      for (int i = 0; i < count; i++) {
        total += lengths[i];
      }
      Scratch.wipe(address, total);
      return total;
    }

    /** What lies behind the object's end is a hole. */
    private long filled() {
      long to = address;
      long total = 0;
      for (int i = 0; i < count; i++) {
        long slot = results + (long) RESULT_BYTES * i;
        int failure = Scratch.intAt(slot + 8);
        if (failure < 0) {
          return failure;
        }
        long read = Scratch.longAt(slot);
        if (read < lengths[i]) {
          Scratch.wipe(to + read, lengths[i] - read);
        }
        to += lengths[i];
        total += lengths[i];
      }
      return total;
    }
  }
}
