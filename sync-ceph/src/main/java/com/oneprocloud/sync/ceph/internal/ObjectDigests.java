// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.Capability;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.NewerRados;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Digests of blocks at a snapshot, worked out by the OSDs that hold them: 8 bytes come back for a
 * block of 64 KiB.
 *
 * <p>Only for images whose bytes are where the plain layout says. An object that does not exist at
 * the snapshot is a hole, or reads through to the parent within the overlap; one that exists hides
 * the parent altogether, as librbd reads it. What is left to be read: what shows the parent, and
 * the one block that an object's end lies within, since the OSD digests what is there and not the
 * zeros that follow. Thread-safe.
 */
final class ObjectDigests implements AutoCloseable {
  private static final int BLOCK = BlockDigests.BLOCK;

  private final Connection connection;
  private final Librados rados;
  private final PoolContext pool;
  private final String prefix;
  private final long objectSize;
  private final long overlap;
  private volatile boolean supported = true;

  private ObjectDigests(
      Connection connection,
      PoolContext pool,
      String prefix,
      long objectSize,
      long overlap,
      Snapshot snapshot) {
    this.connection = connection;
    this.rados = connection.libraries().rados();
    this.pool = pool;
    this.prefix = prefix;
    this.objectSize = objectSize;
    this.overlap = overlap;
    pool.readAt(snapshot.id().value());
  }

  /** Whether the library can ask, and an image's blocks are each within one object. */
  static boolean fit(Connection connection, RbdImage image) {
    return connection.capabilities().has(Capability.CHECKSUM)
        && ObjectReads.fit(image)
        && image.layout().objectSize() % BLOCK == 0;
  }

  /**
   * Opens a context of its own, which reads at the snapshot. Blocks.
   *
   * @param prefix what the names of the image's data objects begin with
   * @param overlap bytes of the image that a missing object may show the parent in
   */
  static ObjectDigests open(
      Connection connection, RbdImage image, String prefix, long overlap, Snapshot snapshot) {
    PoolContext pool =
        PoolContext.open(connection, image.layout().dataPoolId(), image.identity().namespace());
    return new ObjectDigests(
        connection, pool, prefix, image.layout().objectSize(), overlap, snapshot);
  }

  /** False once an OSD said that it cannot (Jewel, Kraken). */
  boolean supported() {
    return supported;
  }

  /** Hears what came of a request, on the thread of {@link Completions}. */
  interface Result {
    /**
     * All objects were asked.
     *
     * @param digests one for each block; those of blocks that are to be read are 0
     * @param left the blocks that are to be read
     */
    void arrived(long[] digests, Extents left);

    /** An object could not be asked. */
    void failed(Extents range, long error);
  }

  /** Starts to ask for the digests of ranges. */
  void start(Extents ranges, Result result) {
    Request request = new Request(ranges, result);
    request.objects.forEach(object -> new ObjectDigest(request, object, object.runs, true).start());
  }

  @Override
  public void close() {
    pool.close();
  }

  /** Blocks of one object that lie one behind the other and are of the same length. */
  private static final class Run {
    final int first;
    final long offset;
    final int block;
    int count = 1;

    Run(int first, long offset, int block) {
      this.first = first;
      this.offset = offset;
      this.block = block;
    }

    long length() {
      return (long) block * count;
    }
  }

  private static final class Blocks {
    final long object;
    final List<Run> runs = new ArrayList<>();

    Blocks(long object) {
      this.object = object;
    }
  }

  /** What is asked for, object by object. After the start, of the completion thread alone. */
  private final class Request {
    private final List<Blocks> objects = new ArrayList<>();
    private final long[] digests;
    private final Extents.Builder left = Extents.builder();
    private final Result result;
    private final int count;
    private int done;
    private long error;
    private @Nullable Extents failed;

    Request(Extents ranges, Result result) {
      this.result = result;
      this.digests = new long[BlockDigests.count(ranges)];
      BlockDigests.cut(ranges, this::add);
      this.count = objects.size();
    }

    private void add(int index, long offset, int length) {
      long object = offset / objectSize;
      Blocks last = objects.isEmpty() ? null : objects.get(objects.size() - 1);
      if (last == null || last.object != object) {
        last = new Blocks(object);
        objects.add(last);
      }
      Run run = last.runs.isEmpty() ? null : last.runs.get(last.runs.size() - 1);
      if (run != null
          && run.block == BLOCK
          && length == BLOCK
          && run.offset + run.length() == offset % objectSize) {
        run.count++;
      } else {
        last.runs.add(new Run(index, offset % objectSize, length));
      }
    }

    void objectDone(Blocks object, long objectError) {
      if (objectError < 0 && failed == null) {
        error = objectError;
        Run first = object.runs.get(0);
        failed =
            Extents.builder()
                .add(object.object * objectSize + first.offset, first.length(), false)
                .build();
      }
      done++;
      if (done == count) {
        if (failed == null) {
          result.arrived(digests, left.build());
        } else {
          result.failed(failed, error);
        }
      }
    }

    /** A block that the OSD has no bytes of. */
    void hole(long object, int index, long offset, int length, boolean exists) {
      long at = object * objectSize + offset;
      if (!exists && at < overlap) {
        left.add(at, length, false);
      } else {
        digests[index] = BlockDigests.ofZeros(length);
      }
    }

    void read(long object, long offset, int length) {
      left.add(object * objectSize + offset, length, false);
    }
  }

  /** One operation on one object. Its native memory lives until it completes. */
  private final class ObjectDigest implements Completions.Operation {
    /** {@code int}, in a slot of 8 bytes, before the checksums of a run. */
    private static final int RESULT_BYTES = 8;

    private final Request request;
    private final Blocks object;
    private final List<Run> runs;

    /** Whether it asks for the size as well, and takes a run that reaches beyond it. */
    private final boolean open;

    private final Scratch scratch = connection.scratch();
    private final long operation = rados.rados_create_read_op();
    private final long size = scratch.slot();
    private final long statResult = scratch.slot();
    private final long[] results;

    ObjectDigest(Request request, Blocks object, List<Run> runs, boolean open) {
      this.request = request;
      this.object = object;
      this.runs = runs;
      this.open = open;
      this.results = new long[runs.size()];
      connection.balance().add(NativeBalance.Kind.MEMORY, 1);
    }

    void start() {
      if (open) {
        rados.rados_read_op_stat(operation, size, 0, statResult);
      }
      long seed = scratch.slot();
      for (int i = 0; i < runs.size(); i++) {
        Run run = runs.get(i);
        // the number of digests, then the digests
        long bytes = Integer.BYTES + (long) Long.BYTES * run.count;
        results[i] = scratch.bytes(RESULT_BYTES + bytes);
        connection
            .libraries()
            .newerRados()
            .rados_read_op_checksum(
                operation,
                NewerRados.XXHASH64,
                seed,
                Long.BYTES,
                run.offset,
                run.length(),
                run.block,
                results[i] + RESULT_BYTES,
                bytes,
                results[i]);
        if (open) {
          // a run that ends beyond the object is refused; the others are wanted all the same
          rados.rados_read_op_set_flags(operation, Librados.FAILOK);
        }
      }
      long name = scratch.text(prefix + "." + String.format(Locale.ROOT, "%016x", object.object));
      connection
          .completions()
          .startRados(
              this,
              completion ->
                  rados.rados_aio_read_op_operate(operation, pool.handle(), completion, name, 0));
    }

    @Override
    public void complete(long returned) {
      List<Run> again = new ArrayList<>();
      long error = 0;
      try {
        if (Errno.ENOENT.is(returned)) {
          runs.forEach(run -> holes(run, 0, false));
        } else if (Errno.EOPNOTSUPP.is(returned)) {
          supported = false;
          runs.forEach(this::read);
        } else if (returned < 0) {
          error = returned;
        } else if (open && Scratch.intAt(statResult) < 0) {
          error = Scratch.intAt(statResult);
        } else {
          for (int i = 0; i < runs.size() && error == 0; i++) {
            error = take(runs.get(i), results[i], again);
          }
        }
      } finally {
        rados.rados_release_read_op(operation);
        scratch.close();
        connection.balance().add(NativeBalance.Kind.MEMORY, -1);
      }
      if (error == 0 && !again.isEmpty()) {
        new ObjectDigest(request, object, again, false).start();
      } else {
        request.objectDone(object, error);
      }
    }

    /** Takes the digests of a run; returns an error, or 0. */
    private long take(Run run, long result, List<Run> again) {
      int failure = Scratch.intAt(result);
      if (Errno.EOPNOTSUPP.is(failure)) {
        supported = false;
        read(run);
        return 0;
      }
      if (failure < 0 && !(open && Errno.EINVAL.is(failure))) {
        return failure;
      }
      int came = failure < 0 ? 0 : Scratch.intAt(result + RESULT_BYTES);
      long at = result + RESULT_BYTES + Integer.BYTES;
      for (int i = 0; i < came && i < run.count; i++) {
        request.digests[run.first + i] = Scratch.longAt(at + (long) Long.BYTES * i);
      }
      if (came == run.count) {
        return 0;
      }
      if (!open || came > run.count) {
        return Errno.EIO.result();
      }
      return beyondEnd(run, came, again);
    }

    /** A run that reaches beyond the object's end: what is left of it is looked at by block. */
    private long beyondEnd(Run run, int came, List<Run> again) {
      long end = Scratch.longAt(size);
      int whole = (int) Math.min(run.count, Math.max(0, (end - run.offset) / run.block));
      if (whole == run.count) {
        // nothing of it is beyond the end, and yet it was refused
        return Errno.EIO.result();
      }
      if (whole > came) {
        Run inside = new Run(run.first, run.offset, run.block);
        inside.count = whole;
        again.add(inside);
      }
      long next = run.offset + (long) whole * run.block;
      if (next < end) {
        request.read(object.object, next, run.block);
        whole++;
      }
      holes(run, whole, true);
      return 0;
    }

    private void holes(Run run, int from, boolean exists) {
      for (int i = from; i < run.count; i++) {
        request.hole(
            object.object, run.first + i, run.offset + (long) i * run.block, run.block, exists);
      }
    }

    private void read(Run run) {
      for (int i = 0; i < run.count; i++) {
        request.read(object.object, run.offset + (long) i * run.block, run.block);
      }
    }
  }
}
