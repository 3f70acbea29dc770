// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librados;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Whether snapshots of an image still exist. A snapshot that is removed while it is read gives no
 * error: its data reads as zeros. So what was read counts only once it is confirmed that the
 * snapshot was there afterwards.
 *
 * <p>That costs one small operation: the image's header object has a record for each snapshot. Its
 * content is not interpreted, only compared with what it was when the snapshot was last seen in a
 * list of librbd. A record that changed (the snapshot was renamed, protected, cloned, or put into
 * the trash, which is how its removal begins) is looked into by listing again. Thread-safe.
 */
final class SnapshotRecords {
  private static final String CONFIRM = "confirm snapshot";

  /** Lists in a row that a record may change under. */
  private static final int TRIES = 8;

  /** Snapshots looked at ahead: images have a few of them, some have thousands. */
  private static final int MOST_LOOKED_AT = 32;

  private final Connection connection;
  private final ImageIdentity identity;
  private final ImageSpec spec;
  private final PoolContext pool;
  private final Map<SnapshotId, byte[]> confirmed = new ConcurrentHashMap<>();

  /**
   * The records of one image.
   *
   * @param pool a context of the image's pool and namespace, open for as long as this object is
   *     used
   */
  SnapshotRecords(Connection connection, ImageIdentity identity, ImageSpec spec, PoolContext pool) {
    this.connection = connection;
    this.identity = identity;
    this.spec = spec;
    this.pool = pool;
  }

  /**
   * Confirms that snapshots exist, as what they were when they were listed.
   *
   * @return completes after they were seen; exceptionally with a {@link NotFoundException} if one
   *     is gone
   */
  CompletableFuture<Void> confirm(List<Snapshot> snapshots) {
    return read(snapshots)
        .thenCompose(
            records ->
                snapshots.stream().allMatch(snapshot -> isConfirmed(snapshot, records))
                    ? CompletableFuture.completedFuture(null)
                    : CompletableFuture.runAsync(
                        () -> list(snapshots), connection.calls().releases()));
  }

  /**
   * Looks at records before the snapshots are listed. Blocks.
   *
   * @param known snapshots by ascending id, of which the newest are likely to be asked for
   * @param wanted one more
   */
  Look look(List<Snapshot> known, Snapshot wanted) {
    Map<SnapshotId, Snapshot> snapshots = new LinkedHashMap<>();
    snapshots.put(wanted.id(), wanted);
    known.stream()
        .skip(Math.max(0, known.size() - MOST_LOOKED_AT))
        .forEach(it -> snapshots.putIfAbsent(it.id(), it));
    List<Snapshot> all = List.copyOf(snapshots.values());
    return new Look(all, join(read(all)));
  }

  /** Records as they were before a list. */
  final class Look {
    private final List<Snapshot> snapshots;
    private final Map<SnapshotId, byte[]> before;

    private Look(List<Snapshot> snapshots, Map<SnapshotId, byte[]> before) {
      this.snapshots = snapshots;
      this.before = before;
    }

    /**
     * Takes what librbd listed after the look, and looks again: records that stand still are those
     * of what was listed. Blocks.
     */
    void listed(Collection<Snapshot> found) {
      Map<SnapshotId, byte[]> after = join(read(snapshots));
      for (Snapshot snapshot : found) {
        byte[] record = after.get(snapshot.id());
        if (record != null && Arrays.equals(record, before.get(snapshot.id()))) {
          confirmed.put(snapshot.id(), record);
        }
      }
    }
  }

  private boolean isConfirmed(Snapshot snapshot, Map<SnapshotId, byte[]> records) {
    byte[] record = records.get(snapshot.id());
    return record != null && Arrays.equals(record, confirmed.get(snapshot.id()));
  }

  /** Lists the snapshots between two looks at their records, until the records stand still. */
  private void list(List<Snapshot> snapshots) {
    for (int i = 0; i < TRIES; i++) {
      Map<SnapshotId, byte[]> before = join(read(snapshots));
      List<Snapshot> listed;
      try (ImageHandle image = ImageHandle.open(connection, identity, spec)) {
        listed = image.snapshots();
      }
      Map<SnapshotId, byte[]> after = join(read(snapshots));
      boolean still = true;
      for (Snapshot snapshot : snapshots) {
        byte[] record = after.get(snapshot.id());
        if (record == null || listed.stream().noneMatch(found -> isSame(found, snapshot))) {
          confirmed.remove(snapshot.id());
          throw new NotFoundException(
              failed(CONFIRM, subject(snapshot))
                  .because("it was removed; what was read of it is not valid")
                  .code(Errno.ENOENT.name()));
        }
        still &= Arrays.equals(record, before.get(snapshot.id()));
      }
      if (still) {
        snapshots.forEach(snapshot -> confirmed.put(snapshot.id(), after.get(snapshot.id())));
        return;
      }
    }
    throw new StorageException(
        failed(CONFIRM, spec)
            .because("its snapshots changed %d times while they were listed", TRIES));
  }

  private static boolean isSame(Snapshot found, Snapshot snapshot) {
    return found.id().equals(snapshot.id()) && found.kind() == snapshot.kind();
  }

  private CompletableFuture<Map<SnapshotId, byte[]>> read(List<Snapshot> snapshots) {
    HeaderRead read = new HeaderRead(snapshots);
    read.start();
    return read.records;
  }

  private static <T> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  private String subject(Snapshot snapshot) {
    return spec + "@" + snapshot.name() + " (id " + snapshot.id() + ")";
  }

  /** One read operation on the header object. Its native memory lives until it completes. */
  private final class HeaderRead implements Completions.Operation {
    private final CompletableFuture<Map<SnapshotId, byte[]>> records = new CompletableFuture<>();
    private final List<Snapshot> snapshots;
    private final Librados rados = connection.libraries().rados();
    private final Scratch scratch = connection.scratch();
    private final long operation = rados.rados_create_read_op();
    private final long iterator = scratch.slot();
    private final long result = scratch.slot();

    HeaderRead(List<Snapshot> snapshots) {
      this.snapshots = snapshots;
      connection.balance().add(NativeBalance.Kind.MEMORY, 1);
    }

    void start() {
      long keys = scratch.bytes(8L * snapshots.size());
      for (int i = 0; i < snapshots.size(); i++) {
        Scratch.putLong(keys + 8L * i, scratch.text(key(snapshots.get(i).id())));
      }
      rados.rados_read_op_omap_get_vals_by_keys(
          operation, keys, snapshots.size(), iterator, result);
      long object = scratch.text("rbd_header." + identity.imageId());
      connection
          .completions()
          .startRados(
              this,
              completion ->
                  rados.rados_aio_read_op_operate(operation, pool.handle(), completion, object, 0));
    }

    @Override
    public void complete(long returned) {
      try {
        if (returned < 0) {
          records.completeExceptionally(failure(returned));
        } else if (Scratch.intAt(result) < 0) {
          records.completeExceptionally(failure(Scratch.intAt(result)));
        } else {
          records.complete(values());
        }
      } catch (RuntimeException | Error e) {
        records.completeExceptionally(e);
      } finally {
        free();
      }
    }

    private Map<SnapshotId, byte[]> values() {
      Map<String, SnapshotId> ids = new HashMap<>();
      snapshots.forEach(snapshot -> ids.put(key(snapshot.id()), snapshot.id()));
      Map<SnapshotId, byte[]> values = new HashMap<>();
      long key = scratch.slot();
      long value = scratch.slot();
      long length = scratch.slot();
      while (true) {
        Errno.check(
            CONFIRM, spec, rados.rados_omap_get_next(Scratch.longAt(iterator), key, value, length));
        if (Scratch.longAt(key) == 0) {
          return values;
        }
        SnapshotId id = ids.get(Scratch.textAt(Scratch.longAt(key)));
        if (id != null) {
          values.put(
              id, Scratch.bytesAt(Scratch.longAt(value), Math.toIntExact(Scratch.longAt(length))));
        }
      }
    }

    private RuntimeException failure(long returned) {
      return Errno.ENOENT.is(returned)
          ? new NotFoundException(
              failed(CONFIRM, spec).because("the image was removed").code(Errno.ENOENT.name()))
          : Errno.failure(CONFIRM, spec, returned);
    }

    private void free() {
      long opened = Scratch.longAt(iterator);
      if (opened != 0) {
        rados.rados_omap_get_end(opened);
      }
      rados.rados_release_read_op(operation);
      scratch.close();
      connection.balance().add(NativeBalance.Kind.MEMORY, -1);
    }

    private static String key(SnapshotId id) {
      return "snapshot_" + String.format(Locale.ROOT, "%016x", id.value());
    }
  }

  /** The failure inside a failed stage. */
  static Throwable cause(@Nullable Throwable failure) {
    return failure instanceof CompletionException && failure.getCause() != null
        ? failure.getCause()
        : java.util.Objects.requireNonNull(failure);
  }
}
