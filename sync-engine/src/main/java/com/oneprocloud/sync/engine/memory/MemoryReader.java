// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A snapshot opened for reading. Thread-safe. */
final class MemoryReader implements SnapshotReader {
  private final MemoryImage image;
  private final StoredImage stored;
  private final Storage storage;
  private final Service service;
  private final Snapshot snapshot;
  private final String name;

  /** Reads under way; guarded by this. */
  private int underWay;

  /** Guarded by this. */
  private boolean closed;

  MemoryReader(MemoryImage image, Snapshot snapshot) {
    this.image = image;
    this.stored = image.stored();
    this.storage = image.cluster().storage();
    this.service = image.cluster().service();
    this.snapshot = snapshot;
    this.name = image.spec() + "@" + snapshot.name();
    image.opened(this);
  }

  @Override
  public Snapshot snapshot() {
    return snapshot;
  }

  @Override
  public long size() {
    return snapshot.size();
  }

  @Override
  public Layout layout() {
    return stored.layout();
  }

  @Override
  public Optional<ParentLink> parent() {
    checkOpen();
    return storage.reading(
        () -> Optional.ofNullable(view("read parent").parent()).map(StoredParent::describe));
  }

  @Override
  public Extents diff(@Nullable Snapshot base, long offset, long length) {
    checkOpen();
    if (offset < 0 || length < 0 || offset % layout().period() != 0) {
      throw new IllegalArgumentException(
          "the range does not start at a multiple of "
              + layout().period()
              + ": offset "
              + offset
              + ", length "
              + length);
    }
    if (base != null && base.id().compareTo(snapshot.id()) > 0) {
      throw new IllegalArgumentException("the base is newer: " + base + ", " + snapshot);
    }
    return service.perform(
        service.call(Call.Kind.DIFF, name, offset, length),
        () ->
            storage.reading(
                () -> {
                  StoredImage.View end = view("diff");
                  long from =
                      base == null ? 0 : Storage.snapshot("diff", stored, base.id().value()).id;
                  return stored.diff(from, end, offset, length);
                }));
  }

  @Override
  public List<Long> writtenSince(@Nullable Snapshot base, List<Long> objects) {
    checkOpen();
    if (base != null && base.id().compareTo(snapshot.id()) > 0) {
      throw new IllegalArgumentException("the base is newer: " + base + ", " + snapshot);
    }
    return service.perform(
        service.call(Call.Kind.VERSIONS, name, 0, 0),
        () ->
            storage.reading(
                () -> {
                  long end = view("compare objects").snapshot();
                  long from =
                      base == null
                          ? 0
                          : Storage.snapshot("compare objects", stored, base.id().value()).id;
                  return objects.stream().filter(it -> stored.wasWritten(it, from, end)).toList();
                }));
  }

  @Override
  public CompletableFuture<Void> read(Extents ranges, ByteBuffer into) {
    long total = ranges.bytes();
    if (!into.isDirect()) {
      throw new IllegalArgumentException("the buffer is not direct");
    }
    if (total > into.remaining()) {
      throw new IllegalArgumentException(
          total + " bytes do not fit into a buffer with " + into.remaining() + " left");
    }
    long offset = ranges.isEmpty() ? 0 : ranges.offset(0);
    checkWithin(ranges);
    ByteBuffer target = into.duplicate();
    begin();
    Call call = service.call(Call.Kind.READ, name, offset, total);
    return service.start(call, effect -> fill(call, ranges, target, effect), this::end);
  }

  @Override
  public boolean digestsInPlace() {
    return storage.digests;
  }

  @Override
  public CompletableFuture<BlockDigests> digests(Extents ranges, ByteBuffer scratch) {
    if (!storage.digests) {
      return SnapshotReader.super.digests(ranges, scratch);
    }
    BlockDigests.checkScratch(scratch);
    checkWithin(ranges);
    begin();
    long offset = ranges.isEmpty() ? 0 : ranges.offset(0);
    Call call = service.call(Call.Kind.DIGEST, name, offset, ranges.bytes());
    AtomicReference<@Nullable BlockDigests> digests = new AtomicReference<>();
    return service
        .start(
            call,
            effect -> {
              ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(ranges.bytes()));
              fill(call, ranges, data, effect);
              digests.set(BlockDigests.of(ranges, data.flip()));
            },
            this::end)
        .thenApply(done -> Objects.requireNonNull(digests.get()));
  }

  private void checkWithin(Extents ranges) {
    if (!ranges.isEmpty() && ranges.get(ranges.size() - 1).end() > size()) {
      throw new IllegalArgumentException(
          ranges.get(ranges.size() - 1) + " leaves the image of " + size() + " bytes");
    }
  }

  private void fill(Call call, Extents ranges, ByteBuffer target, Effect effect) {
    long start = target.position();
    storage.reading(
        () -> {
          if (storage.bugs.contains(KnownBug.REMOVED_SNAPSHOT_READS_ZEROS)
              && !stored.snapshots().containsKey(snapshot.id().value())) {
            Content.zeros(call.length(), target);
            return snapshot;
          }
          StoredImage.View view = view("read");
          for (int i = 0; i < ranges.size(); i++) {
            long left = effect.shortTo() - (target.position() - start);
            stored.read(view, ranges.offset(i), Math.min(left, ranges.length(i)), target);
          }
          return snapshot;
        });
    long got = target.position() - start;
    if (got < call.length()) {
      throw Effect.inputOutputError(call, "short read: " + got + " bytes");
    }
    if (effect.flipped() >= 0 && effect.flipped() < got) {
      int index = Math.toIntExact(start + effect.flipped());
      target.put(index, (byte) (target.get(index) ^ 1));
    }
  }

  /** The image at the snapshot, as long as that exists. */
  private StoredImage.View view(String operation) {
    Storage.checkExists(operation, stored);
    return stored.at(Storage.snapshot(operation, stored, snapshot.id().value()));
  }

  private synchronized void begin() {
    checkOpen();
    underWay++;
  }

  private synchronized void end() {
    underWay--;
    notifyAll();
  }

  private synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the reader is closed: " + name);
    }
  }

  @Override
  public void close() {
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      while (underWay > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    image.closed(this);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
