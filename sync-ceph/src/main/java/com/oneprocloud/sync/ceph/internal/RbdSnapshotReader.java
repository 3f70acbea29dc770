// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotId;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.Librbd;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An image at one snapshot, through a handle of its own. */
final class RbdSnapshotReader implements SnapshotReader {
  private final Connection connection;
  private final RbdImage image;
  private final ImageHandle handle;
  private final @Nullable ObjectReads objects;
  private final @Nullable ObjectDigests digests;
  private final Lifetime lifetime;
  private final Snapshot snapshot;
  private final long size;
  private final Optional<ParentLink> parent;

  /** The snapshots as the handle knows them: it has no watch, so they never change under it. */
  private final Map<SnapshotId, Snapshot> known;

  private final Changes changes;
  private final Confirmations confirmations;

  private RbdSnapshotReader(
      Connection connection, RbdImage image, ImageHandle handle, Snapshot wanted) {
    this.connection = connection;
    this.image = image;
    this.handle = handle;
    known =
        handle.snapshots().stream().collect(Collectors.toMap(Snapshot::id, Function.identity()));
    Snapshot found = known.get(wanted.id());
    if (found == null) {
      throw gone("open snapshot", wanted);
    }
    snapshot = found;
    handle.set(snapshot);
    size = handle.size();
    parent = handle.parent();
    objects =
        parent.isEmpty() && ObjectReads.fit(image)
            ? ObjectReads.open(connection, image, handle.objectPrefix(), snapshot)
            : null;
    try {
      digests =
          ObjectDigests.fit(connection, image)
              ? ObjectDigests.open(
                  connection,
                  image,
                  handle.objectPrefix(),
                  parent.map(ParentLink::overlap).orElse(0L),
                  snapshot)
              : null;
    } catch (RuntimeException | Error e) {
      close(objects);
      throw e;
    }
    try {
      lifetime =
          new Lifetime(subject(), image.lifetime(), connection.calls().releases(), this::release);
    } catch (IllegalStateException e) {
      close(digests);
      close(objects);
      throw e;
    }
    changes = new Changes(connection, handle, lifetime, image.layout(), snapshot, subject());
    confirmations = new Confirmations(image.records(), snapshot);
  }

  private static void close(@Nullable ObjectReads objects) {
    if (objects != null) {
      objects.close();
    }
  }

  private static void close(@Nullable ObjectDigests digests) {
    if (digests != null) {
      digests.close();
    }
  }

  private void release() {
    close(digests);
    close(objects);
    handle.close();
  }

  /** Opens an image at a snapshot. */
  static RbdSnapshotReader open(Connection connection, RbdImage image, Snapshot snapshot) {
    return connection.call(
        "open snapshot",
        subject(image, snapshot),
        image.lifetime(),
        () -> {
          SnapshotRecords.Look look = image.records().look(image.listed(), snapshot);
          ImageHandle handle = ImageHandle.open(connection, image.identity(), image.spec());
          try {
            RbdSnapshotReader reader = new RbdSnapshotReader(connection, image, handle, snapshot);
            // what its handle lists need not be listed once more to be confirmed
            look.listed(reader.known.values());
            return reader;
          } catch (RuntimeException | Error e) {
            handle.close();
            throw e;
          }
        },
        RbdSnapshotReader::close);
  }

  @Override
  public Snapshot snapshot() {
    return snapshot;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Layout layout() {
    return image.layout();
  }

  @Override
  public Optional<ParentLink> parent() {
    return parent;
  }

  @Override
  public Extents diff(@Nullable Snapshot base, long offset, long length) {
    long period = layout().period();
    if (offset < 0 || offset % period != 0) {
      throw new IllegalArgumentException(
          "offset " + offset + " is no multiple of the layout's period, " + period);
    }
    if (length < 0) {
      throw new IllegalArgumentException("length is negative: " + length);
    }
    // An empty range crashes some releases of the library.
    long end = length > size - offset ? size : offset + length;
    return diffWithin(
        base, offset < end ? Extents.of(Extent.data(offset, end - offset)) : Extents.none());
  }

  @Override
  public Extents diff(@Nullable Snapshot base, Extents ranges) {
    long period = layout().period();
    for (int i = 0; i < ranges.size(); i++) {
      long end = ranges.offset(i) + ranges.length(i);
      if (ranges.offset(i) % period != 0 || end > size || (end % period != 0 && end != size)) {
        throw new IllegalArgumentException(
            ranges.get(i) + " does not hold whole objects of an image of " + size + " bytes");
      }
    }
    return diffWithin(base, ranges);
  }

  private Extents diffWithin(@Nullable Snapshot base, Extents ranges) {
    lifetime.enter();
    try {
      Extents found = changes.since(base == null ? null : older(base), ranges);
      confirm(base);
      return found;
    } finally {
      lifetime.leave();
    }
  }

  @Override
  public List<Long> writtenSince(@Nullable Snapshot base, List<Long> objects) {
    OptionalLong since =
        base == null ? OptionalLong.empty() : OptionalLong.of(older(base).id().value());
    lifetime.enter();
    try {
      List<Long> written = new ArrayList<>();
      for (int start = 0; start < objects.size(); start += Changes.RANGES_PER_CALL) {
        List<Long> some =
            objects.subList(start, Math.min(objects.size(), start + Changes.RANGES_PER_CALL));
        written.addAll(
            connection.call("compare objects", subject(), lifetime, () -> written(since, some)));
      }
      confirm(base);
      return written;
    } finally {
      lifetime.leave();
    }
  }

  private List<Long> written(OptionalLong base, List<Long> objects) {
    try (ObjectVersions versions =
        ObjectVersions.open(connection, image, handle.objectPrefix(), base, snapshot)) {
      return objects.stream().filter(versions::differ).toList();
    }
  }

  /** A base as the handle knows it. */
  private Snapshot older(Snapshot base) {
    if (base.id().compareTo(snapshot.id()) > 0) {
      throw new IllegalArgumentException("base " + base + " is newer than " + snapshot);
    }
    Snapshot found = known.get(base.id());
    if (found == null) {
      throw gone(Changes.DIFF, base);
    }
    return found;
  }

  /** Takes care that base and snapshot were there for the whole diff. */
  private void confirm(@Nullable Snapshot base) {
    LinkedHashSet<Snapshot> both = new LinkedHashSet<>();
    both.add(snapshot);
    if (base != null && !base.id().equals(snapshot.id())) {
      Snapshot found = known.get(base.id());
      both.add(found == null ? base : found);
    }
    try {
      image
          .records()
          .confirm(List.copyOf(both))
          .get(connection.patience().toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    } catch (TimeoutException e) {
      throw new DeadlineException(
          failed(Changes.DIFF, subject())
              .because(
                  "no answer after %d ms whether the snapshots still exist",
                  connection.patience().toMillis())
              .cause(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new StorageException(
          failed(Changes.DIFF, subject()).because("the thread was interrupted").cause(e));
    }
  }

  @Override
  public CompletableFuture<Void> read(Extents ranges, ByteBuffer into) {
    if (!into.isDirect() || into.isReadOnly()) {
      throw new IllegalArgumentException("the buffer is not direct, or read-only");
    }
    Read read = new Read(ranges, into);
    if (read.count == 0) {
      return CompletableFuture.completedFuture(null);
    }
    lifetime.enter();
    confirmations.begin();
    read.start();
    return read.future;
  }

  @Override
  public boolean digestsInPlace() {
    return digests != null && digests.supported();
  }

  @Override
  public CompletableFuture<BlockDigests> digests(Extents ranges, ByteBuffer scratch) {
    ObjectDigests inPlace = digests;
    if (inPlace == null || !inPlace.supported()) {
      return SnapshotReader.super.digests(ranges, scratch);
    }
    BlockDigests.checkScratch(scratch);
    for (int i = 0; i < ranges.size(); i++) {
      checkWithin(ranges.offset(i), ranges.length(i));
    }
    if (ranges.isEmpty()) {
      return CompletableFuture.completedFuture(new BlockDigests(ranges, new long[0], 0));
    }
    lifetime.enter();
    confirmations.begin();
    Digesting digesting = new Digesting(ranges, scratch);
    inPlace.start(ranges, digesting);
    return digesting.future;
  }

  private void checkWithin(long offset, long length) {
    if (offset + length > size) {
      throw new IllegalArgumentException(
          "range ["
              + offset
              + ", "
              + (offset + length)
              + ") leaves the image of "
              + size
              + " bytes");
    }
  }

  @Override
  public void close() {
    lifetime.close(connection.patience());
  }

  private NotFoundException gone(String operation, Snapshot missing) {
    return new NotFoundException(
        failed(operation, subject(image, missing))
            .because("the snapshot does not exist any more")
            .code(Errno.ENOENT.name()));
  }

  private String subject() {
    return subject(image, snapshot);
  }

  private static String subject(RbdImage image, Snapshot snapshot) {
    return image.spec() + "@" + snapshot.name();
  }

  @Override
  public String toString() {
    return "reader of " + subject();
  }

  /**
   * Ranges on their way into a buffer. Keeps the buffer reachable until the last range is there.
   */
  private final class Read {
    private final CompletableFuture<Void> future = new CompletableFuture<>();
    private final ByteBuffer buffer;
    private final int position;
    private final long[] offsets;
    private final long[] lengths;
    private int count;
    private int missing;
    private @Nullable Throwable failure;

    Read(Extents ranges, ByteBuffer buffer) {
      this.buffer = buffer;
      position = buffer.position();
      offsets = new long[ranges.size()];
      lengths = new long[ranges.size()];
      long sum = 0;
      for (int i = 0; i < ranges.size(); i++) {
        long offset = ranges.offset(i);
        long length = ranges.length(i);
        checkWithin(offset, length);
        sum += length;
        if (count > 0 && offsets[count - 1] + lengths[count - 1] == offset) {
          lengths[count - 1] += length;
        } else {
          offsets[count] = offset;
          lengths[count] = length;
          count++;
        }
      }
      if (sum > buffer.remaining()) {
        throw new IllegalArgumentException(
            "the buffer has room for " + buffer.remaining() + " of " + sum + " bytes");
      }
      missing = count;
    }

    void start() {
      long address = Scratch.addressOf(buffer);
      if (objects != null && objects.suits(offsets, lengths, count)) {
        missing = 1;
        long total = 0;
        for (int i = 0; i < count; i++) {
          total += lengths[i];
        }
        long bytes = total;
        objects.start(
            offsets, lengths, count, address, result -> arrived(offsets[0], bytes, result));
        return;
      }
      for (int i = 0; i < count; i++) {
        long offset = offsets[i];
        long length = lengths[i];
        long to = address;
        connection
            .completions()
            .startRbd(
                result -> arrived(offset, length, result),
                completion ->
                    connection
                        .libraries()
                        .rbd()
                        .rbd_aio_read2(
                            handle.handle(),
                            offset,
                            length,
                            to,
                            completion,
                            Librbd.SEQUENTIAL | Librbd.NOCACHE));
        address += length;
      }
    }

    /** Told on the completion thread, for one range after the other. */
    private void arrived(long offset, long length, long result) {
      if (result != length && failure == null) {
        String range = subject() + " [" + offset + ", " + (offset + length) + ")";
        failure =
            result < 0
                ? Errno.failure("read", range, result)
                : new StorageException(
                    failed("read", range).because("short read: %d of %d bytes", result, length));
      }
      missing--;
      if (missing == 0) {
        if (failure == null) {
          if (count == 1 && objects != null) {
            objects.seen(buffer, position, lengths[0]);
          }
          confirmations.ended(this::finish);
        } else {
          confirmations.ended(null);
          finish(failure);
        }
      }
    }

    void finish(@Nullable Throwable cause) {
      lifetime.leave();
      if (cause == null) {
        future.complete(null);
      } else {
        future.completeExceptionally(cause);
      }
    }
  }

  /** Digests on their way; what the OSDs left is read. */
  private final class Digesting implements ObjectDigests.Result {
    private final CompletableFuture<BlockDigests> future = new CompletableFuture<>();
    private final Extents ranges;
    private final ByteBuffer scratch;

    Digesting(Extents ranges, ByteBuffer scratch) {
      this.ranges = ranges;
      this.scratch = scratch;
    }

    @Override
    public void arrived(long[] values, Extents left) {
      if (left.isEmpty()) {
        confirm(new BlockDigests(ranges, values, 0));
        return;
      }
      CompletableFuture<BlockDigests> unused =
          BlockDigests.reading(left, scratch, this::read)
              .whenComplete(
                  (read, failure) -> {
                    if (failure == null) {
                      confirm(merged(values, read));
                    } else {
                      confirmations.ended(null);
                      finish(null, SnapshotRecords.cause(failure));
                    }
                  });
    }

    @Override
    public void failed(Extents range, long error) {
      String where = subject() + " [" + range.offset(0) + ", +" + range.length(0) + ")";
      confirmations.ended(null);
      finish(null, Errno.failure("digest", where, error));
    }

    /** Like the reader's own, but goes through while it is being closed. */
    private CompletableFuture<Void> read(Extents left, ByteBuffer into) {
      Read read = new Read(left, into);
      lifetime.enterAgain();
      confirmations.begin();
      read.start();
      return read.future;
    }

    private BlockDigests merged(long[] values, BlockDigests read) {
      int[] next = {0};
      Extents left = read.ranges();
      BlockDigests.cut(
          ranges,
          (index, offset, length) -> {
            if (!left.within(offset, length).isEmpty()) {
              values[index] = read.digest(next[0]);
              next[0]++;
            }
          });
      return new BlockDigests(ranges, values, read.bytesRead());
    }

    private void confirm(BlockDigests digested) {
      confirmations.ended(failure -> finish(digested, failure));
    }

    private void finish(@Nullable BlockDigests digested, @Nullable Throwable failure) {
      lifetime.leave();
      if (failure == null) {
        future.complete(digested);
      } else {
        future.completeExceptionally(failure);
      }
    }
  }
}
