// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.ceph.Capability;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librbd;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.NewerRbd;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An opened image ({@code rbd_image_t}) with the pool context it was opened in. Every method
 * blocks; used on the threads of {@link NativeCalls} only. Opened read-only it registers no watch,
 * so it shows the image's snapshots as they were when it was opened: whoever wants to know what is
 * there now opens another one.
 */
final class ImageHandle implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ImageHandle.class);
  private static final String OPEN = "open image";
  private static final int NAME_SIZE = 4096;

  private final Connection connection;
  private final Object subject;
  private final PoolContext pool;
  private final Librbd rbd;
  private final long handle;

  private ImageHandle(Connection connection, Object subject, PoolContext pool, long handle) {
    this.connection = connection;
    this.subject = subject;
    this.pool = pool;
    this.rbd = connection.libraries().rbd();
    this.handle = handle;
  }

  /** Opens the head of an image by its name, read-only. */
  static ImageHandle open(Connection connection, ImageSpec spec) {
    long poolId = PoolContext.poolId(connection, spec.pool());
    if (poolId < 0) {
      throw new NotFoundException(
          failed(OPEN, spec)
              .because("there is no pool '%s'", spec.pool())
              .code(Errno.ENOENT.name()));
    }
    return open(
        connection,
        spec,
        poolId,
        spec.namespace(),
        (context, slot, scratch) ->
            connection
                .libraries()
                .rbd()
                .rbd_open_read_only(context, scratch.text(spec.name()), slot, 0));
  }

  /**
   * Opens the head of an image by its name, for changes of its snapshots. Registers a watch until
   * it is closed.
   */
  static ImageHandle openForSnapshots(Connection connection, ImageSpec spec) {
    long poolId = PoolContext.poolId(connection, spec.pool());
    if (poolId < 0) {
      throw new NotFoundException(
          failed(OPEN, spec)
              .because("there is no pool '%s'", spec.pool())
              .code(Errno.ENOENT.name()));
    }
    return open(
        connection,
        spec,
        poolId,
        spec.namespace(),
        (context, slot, scratch) ->
            connection.libraries().rbd().rbd_open(context, scratch.text(spec.name()), slot, 0));
  }

  /**
   * Opens the head of an image that is known already, read-only: by its id where the library can,
   * so that a new name does not matter, else by the name it had.
   */
  static ImageHandle open(Connection connection, ImageIdentity identity, ImageSpec spec) {
    boolean byId = connection.capabilities().has(Capability.OPEN_BY_ID);
    ImageHandle image =
        open(
            connection,
            spec,
            identity.poolId(),
            identity.namespace(),
            (context, slot, scratch) ->
                byId
                    ? connection
                        .libraries()
                        .newer()
                        .rbd_open_by_id_read_only(
                            context, scratch.text(identity.imageId()), slot, 0)
                    : connection
                        .libraries()
                        .rbd()
                        .rbd_open_read_only(context, scratch.text(spec.name()), slot, 0));
    try {
      if (!image.id().equals(identity.imageId())) {
        throw new NotFoundException(
            failed(OPEN, spec).because("another image has this name now; %s is gone", identity));
      }
      return image;
    } catch (RuntimeException | Error e) {
      image.close();
      throw e;
    }
  }

  private static ImageHandle open(
      Connection connection, Object subject, long poolId, String namespace, Opening opening) {
    PoolContext pool = PoolContext.open(connection, poolId, namespace);
    try (Scratch scratch = connection.scratch()) {
      long slot = scratch.slot();
      Errno.check(OPEN, subject, opening.open(pool.handle(), slot, scratch));
      connection.balance().add(NativeBalance.Kind.IMAGE, 1);
      return new ImageHandle(connection, subject, pool, Scratch.longAt(slot));
    } catch (RuntimeException | Error e) {
      pool.close();
      throw e;
    }
  }

  /** The {@code rbd_image_t}. */
  long handle() {
    return handle;
  }

  /** The pool context it was opened in, for operations on the image's own objects. */
  PoolContext pool() {
    return pool;
  }

  /** The image's internal id. */
  String id() {
    try (Scratch scratch = connection.scratch()) {
      long buffer = scratch.bytes(256);
      check("read image id", rbd.rbd_get_id(handle, buffer, 256));
      return Scratch.textAt(buffer);
    }
  }

  /** What the names of its data objects begin with. */
  String objectPrefix() {
    try (Scratch scratch = connection.scratch()) {
      long buffer = scratch.bytes(NAME_SIZE);
      check("read image layout", rbd.rbd_get_block_name_prefix(handle, buffer, NAME_SIZE));
      return Scratch.textAt(buffer);
    }
  }

  /** Whether it is of the old image format, without an id of its own. */
  boolean isOldFormat() {
    try (Scratch scratch = connection.scratch()) {
      long slot = scratch.slot();
      check("read image format", rbd.rbd_get_old_format(handle, slot));
      return Scratch.byteAt(slot) != 0;
    }
  }

  /** How it is cut into objects. */
  Layout layout() {
    try (Scratch scratch = connection.scratch()) {
      long info = scratch.bytes(Librbd.IMAGE_INFO_SIZE);
      long slot = scratch.slot();
      check("read image layout", rbd.rbd_stat(handle, info, Librbd.IMAGE_INFO_SIZE));
      check("read image layout", rbd.rbd_get_stripe_unit(handle, slot));
      long stripeUnit = Scratch.longAt(slot);
      check("read image layout", rbd.rbd_get_stripe_count(handle, slot));
      long stripeCount = Scratch.longAt(slot);
      long dataPool = check("read image layout", rbd.rbd_get_data_pool_id(handle));
      return new Layout(Scratch.longAt(info + 8), stripeUnit, stripeCount, dataPool);
    }
  }

  /** The feature bits. */
  long features() {
    try (Scratch scratch = connection.scratch()) {
      long slot = scratch.slot();
      check("read image features", rbd.rbd_get_features(handle, slot));
      return Scratch.longAt(slot);
    }
  }

  /** Bytes at the snapshot that is set, or of the head. */
  long size() {
    try (Scratch scratch = connection.scratch()) {
      long slot = scratch.slot();
      check("read image size", rbd.rbd_get_size(handle, slot));
      return Scratch.longAt(slot);
    }
  }

  /**
   * About how many bytes changed since a snapshot, in whole objects, by {@code rbd_diff_iterate2}.
   *
   * @param base the snapshot, or null for all bytes that are not a hole
   * @return empty if the base is not there as a snapshot of a user
   */
  OptionalLong changedBytes(@Nullable Snapshot base) {
    long size = size();
    if (size == 0) {
      return OptionalLong.of(0);
    }
    Extents.Builder changed = Extents.builder();
    try (Scratch scratch = connection.scratch()) {
      long from = 0;
      if (base != null) {
        Optional<Snapshot> found =
            snapshots().stream()
                .filter(it -> it.id().equals(base.id()) && it.kind() == Snapshot.Kind.USER)
                .findFirst();
        if (found.isEmpty()) {
          return OptionalLong.empty();
        }
        from = scratch.text(found.get().name());
      }
      long since = from;
      byte yes = 1;
      int result =
          connection
              .diffs()
              .collect(
                  0,
                  size,
                  changed,
                  (callback, argument) ->
                      rbd.rbd_diff_iterate2(handle, since, 0, size, yes, yes, callback, argument));
      check("estimate", result);
    }
    return OptionalLong.of(changed.build().bytes(Extent.Kind.DATA));
  }

  /** The snapshots as they were when the image was opened, by ascending id. */
  List<Snapshot> snapshots() {
    try (Scratch scratch = connection.scratch()) {
      long count = scratch.slot();
      int room = 16;
      while (true) {
        long list = scratch.bytes((long) room * Librbd.SNAP_INFO_SIZE);
        Scratch.putInt(count, room);
        int found = rbd.rbd_snap_list(handle, list, count);
        if (Errno.ERANGE.is(found)) {
          room = Math.max(Scratch.intAt(count), room) + 8;
          continue;
        }
        check("list snapshots", found);
        try {
          List<Snapshot> snapshots = new ArrayList<>(found);
          for (int i = 0; i < found; i++) {
            long entry = list + (long) i * Librbd.SNAP_INFO_SIZE;
            snapshots.add(
                snapshot(
                    Scratch.longAt(entry),
                    Scratch.longAt(entry + 8),
                    Scratch.textAt(Scratch.longAt(entry + 16)),
                    scratch));
          }
          snapshots.sort(Comparator.comparing(Snapshot::id));
          return snapshots;
        } finally {
          if (found > 0) {
            rbd.rbd_snap_list_end(list);
          }
        }
      }
    }
  }

  private Snapshot snapshot(long id, long size, String name, Scratch scratch) {
    Snapshot.Kind kind = kind(id, scratch);
    boolean isProtected = false;
    if (kind == Snapshot.Kind.USER) {
      long slot = scratch.slot();
      check("list snapshots", rbd.rbd_snap_is_protected(handle, scratch.text(name), slot));
      isProtected = Scratch.intAt(slot) != 0;
    }
    return new Snapshot(SnapshotId.of(id), name, size, kind, created(id, scratch), isProtected);
  }

  private Snapshot.Kind kind(long id, Scratch scratch) {
    if (!connection.capabilities().has(Capability.SNAPSHOT_KIND)) {
      // Before Mimic there are no others.
      return Snapshot.Kind.USER;
    }
    long slot = scratch.slot();
    check(
        "list snapshots",
        connection.libraries().newer().rbd_snap_get_namespace_type(handle, id, slot));
    return switch (Scratch.intAt(slot)) {
      case 0 -> Snapshot.Kind.USER;
      case 1 -> Snapshot.Kind.GROUP;
      case 2 -> Snapshot.Kind.TRASH;
      case 3 -> Snapshot.Kind.MIRROR;
      default -> Snapshot.Kind.OTHER;
    };
  }

  private Optional<Instant> created(long id, Scratch scratch) {
    if (!connection.capabilities().has(Capability.SNAPSHOT_TIME)) {
      return Optional.empty();
    }
    long time = scratch.bytes(16);
    check(
        "list snapshots", connection.libraries().newer().rbd_snap_get_timestamp(handle, id, time));
    long seconds = Scratch.longAt(time);
    return seconds == 0
        ? Optional.empty()
        : Optional.of(Instant.ofEpochSecond(seconds, Scratch.longAt(time + 8)));
  }

  /** Turns the handle to a snapshot that {@link #snapshots} listed. */
  void set(Snapshot snapshot) {
    if (connection.capabilities().has(Capability.READ_SNAPSHOT_BY_ID)) {
      check(
          "open snapshot",
          connection.libraries().newer().rbd_snap_set_by_id(handle, snapshot.id().value()));
      return;
    }
    if (snapshot.kind() != Snapshot.Kind.USER) {
      connection
          .capabilities()
          .require(Capability.READ_SNAPSHOT_BY_ID, "open snapshot", subject + " " + snapshot);
    }
    try (Scratch scratch = connection.scratch()) {
      check("open snapshot", rbd.rbd_snap_set(handle, scratch.text(snapshot.name())));
    }
  }

  /** The parent at the snapshot that is set, or of the head. */
  Optional<ParentLink> parent() {
    ParentLink link =
        connection.capabilities().has(Capability.PARENT_BY_ID) ? parentById() : parentByName();
    return Optional.ofNullable(link);
  }

  private @Nullable ParentLink parentById() {
    NewerRbd newer = connection.libraries().newer();
    try (Scratch scratch = connection.scratch()) {
      long image = scratch.bytes(NewerRbd.LINKED_IMAGE_SPEC_SIZE);
      long snapshot = scratch.bytes(NewerRbd.SNAP_SPEC_SIZE);
      int result = newer.rbd_get_parent(handle, image, snapshot);
      if (Errno.ENOENT.is(result)) {
        return null;
      }
      check("read parent", result);
      try {
        return new ParentLink(
            new ImageIdentity(
                connection.fsid(),
                Scratch.longAt(image),
                Scratch.textAt(Scratch.longAt(image + 16)),
                Scratch.textAt(Scratch.longAt(image + 24))),
            SnapshotId.of(Scratch.longAt(snapshot)),
            overlap(scratch));
      } finally {
        newer.rbd_get_parent_cleanup(image, snapshot);
      }
    }
  }

  /** Older libraries tell the parent by its names. What is missing is found by opening it. */
  private @Nullable ParentLink parentByName() {
    try (Scratch scratch = connection.scratch()) {
      long poolName = scratch.bytes(NAME_SIZE);
      long name = scratch.bytes(NAME_SIZE);
      long snapshotName = scratch.bytes(NAME_SIZE);
      int result =
          rbd.rbd_get_parent_info(
              handle, poolName, NAME_SIZE, name, NAME_SIZE, snapshotName, NAME_SIZE);
      if (Errno.ENOENT.is(result)) {
        return null;
      }
      check("read parent", result);
      ImageSpec parent = ImageSpec.of(Scratch.textAt(poolName), Scratch.textAt(name));
      try (ImageHandle opened = open(connection, parent)) {
        String wanted = Scratch.textAt(snapshotName);
        Snapshot snapshot =
            opened.snapshots().stream()
                .filter(candidate -> candidate.name().equals(wanted))
                .findFirst()
                .orElseThrow(
                    () ->
                        new NotFoundException(
                            failed("read parent", subject)
                                .because("%s has no snapshot %s", parent, wanted)));
        return new ParentLink(
            new ImageIdentity(connection.fsid(), opened.pool.poolId(), "", opened.id()),
            snapshot.id(),
            overlap(scratch));
      }
    }
  }

  private long overlap(Scratch scratch) {
    long slot = scratch.slot();
    check("read parent", rbd.rbd_get_overlap(handle, slot));
    return Scratch.longAt(slot);
  }

  /**
   * The addresses of the clients that have the image open for writing, this handle included; empty
   * if the library cannot tell.
   */
  List<String> watchers() {
    if (!connection.capabilities().has(Capability.WATCHERS)) {
      return List.of();
    }
    NewerRbd newer = connection.libraries().newer();
    try (Scratch scratch = connection.scratch()) {
      long count = scratch.slot();
      long room = 16;
      while (true) {
        long list = scratch.bytes(room * NewerRbd.WATCHER_SIZE);
        Scratch.putLong(count, room);
        int result = newer.rbd_watchers_list(handle, list, count);
        if (Errno.ERANGE.is(result)) {
          room = Math.max(Scratch.longAt(count), room) + 8;
          continue;
        }
        check("list watchers", result);
        long found = Scratch.longAt(count);
        List<String> watchers = new ArrayList<>();
        for (long i = 0; i < found; i++) {
          watchers.add(Scratch.textAt(Scratch.longAt(list + i * NewerRbd.WATCHER_SIZE)));
        }
        newer.rbd_watchers_list_cleanup(list, found);
        return watchers;
      }
    }
  }

  @Override
  public void close() {
    int result = rbd.rbd_close(handle);
    connection.balance().add(NativeBalance.Kind.IMAGE, -1);
    pool.close();
    if (result < 0) {
      LOG.warn("close of {} returned {}", subject, Errno.name(result));
    }
  }

  private long check(String operation, long result) {
    return Errno.check(operation, subject, result);
  }

  @FunctionalInterface
  private interface Opening {
    int open(long pool, long slot, Scratch scratch);
  }
}
