// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.ceph.Capability;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.NewerRbd;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What librbd says was written to an image since an older snapshot. Thread-safe, as long as the
 * handle is open.
 */
final class Changes {
  static final String DIFF = "diff";

  /**
   * Objects that one call into the library asks about: enough to keep it busy, few enough to be
   * done within a deadline.
   */
  private static final long OBJECTS_PER_CALL = 1024;

  /** Ranges that one call works off, one after the other: as many waits for an answer. */
  static final int RANGES_PER_CALL = 64;

  private final Connection connection;
  private final ImageHandle handle;
  private final Lifetime lifetime;
  private final Layout layout;
  private final Snapshot snapshot;
  private final String subject;

  /**
   * Changes up to a snapshot.
   *
   * @param handle set to the snapshot
   * @param lifetime of who has the handle
   * @param subject image and snapshot, for errors
   */
  Changes(
      Connection connection,
      ImageHandle handle,
      Lifetime lifetime,
      Layout layout,
      Snapshot snapshot,
      String subject) {
    this.connection = connection;
    this.handle = handle;
    this.lifetime = lifetime;
    this.layout = layout;
    this.snapshot = snapshot;
    this.subject = subject;
  }

  /**
   * The changes within ranges of whole objects.
   *
   * @param base an older snapshot as the handle knows it, or the same; null for all that was ever
   *     written
   */
  Extents since(@Nullable Snapshot base, Extents ranges) {
    DiffCall call = diffCall(base);
    Extents.Builder extents = Extents.builder();
    if (base == null || !base.id().equals(snapshot.id())) {
      for (Extents batch : batches(ranges)) {
        diff(call, batch, extents);
      }
    }
    return extents.build();
  }

  /** The same ranges, together so many that one call into the library is done within a deadline. */
  private List<Extents> batches(Extents ranges) {
    long most = layout.period() * Math.max(1, OBJECTS_PER_CALL / layout.stripeCount());
    List<Extents> batches = new ArrayList<>();
    Extents.Builder batch = Extents.builder();
    long room = most;
    int count = 0;
    for (int i = 0; i < ranges.size(); i++) {
      long end = ranges.offset(i) + ranges.length(i);
      for (long at = ranges.offset(i); at < end; ) {
        long length = Math.min(room, end - at);
        batch.add(at, length, false);
        at += length;
        room -= length;
        count++;
        if (room <= 0 || count == RANGES_PER_CALL) {
          batches.add(batch.build());
          batch = Extents.builder();
          room = most;
          count = 0;
        }
      }
    }
    batches.add(batch.build());
    return batches;
  }

  /** One range after the other in one call: most of them are a single object. */
  private void diff(DiffCall call, Extents ranges, Extents.Builder into) {
    if (Thread.currentThread().isInterrupted()) {
      throw new StorageException(failed(DIFF, subject).because("the thread was interrupted"));
    }
    long result =
        connection.call(
            DIFF,
            subject,
            lifetime,
            () -> {
              try (Scratch scratch = connection.scratch()) {
                long failure = 0;
                for (int i = 0; i < ranges.size() && failure >= 0; i++) {
                  failure = collect(call, scratch, ranges.offset(i), ranges.length(i), into);
                }
                return failure;
              }
            });
    Errno.check(DIFF, subject, result);
  }

  private long collect(
      DiffCall call, Scratch scratch, long offset, long length, Extents.Builder into) {
    return connection
        .diffs()
        .collect(
            offset,
            length,
            into,
            (callback, argument) -> call.run(scratch, offset, length, callback, argument));
  }

  /** How the library is asked for the changes since a base. */
  private DiffCall diffCall(@Nullable Snapshot base) {
    if (base == null) {
      return (scratch, offset, length, callback, argument) ->
          diffSinceName(0, offset, length, callback, argument);
    }
    if (base.kind() == Snapshot.Kind.USER) {
      return (scratch, offset, length, callback, argument) ->
          diffSinceName(scratch.text(base.name()), offset, length, callback, argument);
    }
    connection.capabilities().require(Capability.DIFF_BY_ID, "diff since " + base, subject);
    return (scratch, offset, length, callback, argument) ->
        connection
            .libraries()
            .newer()
            .rbd_diff_iterate3(
                handle.handle(),
                base.id().value(),
                offset,
                length,
                NewerRbd.DIFF_INCLUDE_PARENT,
                callback,
                argument);
  }

  private int diffSinceName(long from, long offset, long length, long callback, long argument) {
    byte includeParent = 1;
    byte exact = 0;
    return connection
        .libraries()
        .rbd()
        .rbd_diff_iterate2(
            handle.handle(), from, offset, length, includeParent, exact, callback, argument);
  }

  @FunctionalInterface
  private interface DiffCall {
    int run(Scratch scratch, long offset, long length, long callback, long argument);
  }
}
