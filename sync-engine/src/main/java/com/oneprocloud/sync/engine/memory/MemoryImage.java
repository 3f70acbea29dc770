// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** An image opened through a connection. Thread-safe. */
final class MemoryImage implements Image {
  private final MemoryCluster cluster;
  private final ImageSpec spec;
  private final StoredImage stored;
  private final Set<MemoryReader> readers = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  MemoryImage(MemoryCluster cluster, ImageSpec spec, StoredImage stored) {
    this.cluster = cluster;
    this.spec = spec;
    this.stored = stored;
    cluster.opened(this);
  }

  @Override
  public ImageSpec spec() {
    return spec;
  }

  @Override
  public ImageIdentity identity() {
    return stored.identity();
  }

  @Override
  public long size() {
    checkOpen();
    return cluster.storage().reading(() -> stored.head().size());
  }

  @Override
  public Layout layout() {
    return stored.layout();
  }

  @Override
  public Set<String> features() {
    return stored.features();
  }

  @Override
  public Optional<ParentLink> parent() {
    checkOpen();
    return cluster
        .storage()
        .reading(() -> Optional.ofNullable(stored.head().parent()).map(StoredParent::describe));
  }

  @Override
  public List<Snapshot> snapshots() {
    checkOpen();
    Service service = cluster.service();
    return service.perform(
        service.call(Call.Kind.SNAPSHOTS, spec, 0, 0),
        () ->
            cluster
                .storage()
                .reading(
                    () -> {
                      Storage.checkExists("list snapshots", stored);
                      return stored.snapshots().values().stream()
                          .map(StoredSnapshot::describe)
                          .toList();
                    }));
  }

  @Override
  public OptionalLong estimate(@Nullable Snapshot base) {
    checkOpen();
    return cluster
        .storage()
        .reading(
            () -> {
              StoredImage.View head = stored.head();
              long from = base == null ? 0 : base.id().value();
              return from == 0 || stored.snapshots().containsKey(from)
                  ? OptionalLong.of(stored.diff(from, head, 0, head.size()).bytes(Extent.Kind.DATA))
                  : OptionalLong.empty();
            });
  }

  @Override
  public ObjectMap objectMap(Snapshot snapshot) {
    checkOpen();
    Service service = cluster.service();
    String subject = spec + "@" + snapshot.name();
    return service.perform(
        service.call(Call.Kind.OBJECT_MAP, subject, 0, 0),
        () ->
            cluster
                .storage()
                .reading(
                    () -> {
                      Storage.checkExists("read object map", stored);
                      return describe(
                          Storage.snapshot("read object map", stored, snapshot.id().value()),
                          subject);
                    }));
  }

  private ObjectMap describe(StoredSnapshot snapshot, String subject) {
    StoredObjectMap map = snapshot.objectMap;
    if (map == null) {
      throw new NotFoundException(
          SyncException.failed("read object map", subject)
              .code("ENOENT")
              .because("there is no object map"));
    }
    long expected = layout().objects(snapshot.size);
    if (map.objects() != expected) {
      throw new StorageException(
          SyncException.failed("read object map", subject)
              .because(
                  "it is of %d objects, the snapshot's size takes %d", map.objects(), expected));
    }
    return map.describe();
  }

  @Override
  public CacheTier cacheTier() {
    checkOpen();
    return cluster.storage().cacheTier;
  }

  @Override
  public Snapshot snapshot(String name) {
    return snapshots().stream()
        .filter(snapshot -> snapshot.kind() == Snapshot.Kind.USER && snapshot.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new NotFoundException(
                    SyncException.failed("find snapshot", spec + "@" + name)
                        .code("ENOENT")
                        .because("the image has no snapshot of that name")));
  }

  @Override
  public SnapshotReader at(Snapshot snapshot) {
    checkOpen();
    Service service = cluster.service();
    return service.perform(
        service.call(Call.Kind.OPEN_SNAPSHOT, spec + "@" + snapshot.name(), 0, 0),
        () ->
            cluster
                .storage()
                .reading(
                    () -> {
                      Storage.checkExists("open snapshot", stored);
                      StoredSnapshot found =
                          Storage.snapshot("open snapshot", stored, snapshot.id().value());
                      return new MemoryReader(this, found.describe());
                    }));
  }

  @Override
  public void close() {
    closed = true;
    Set.copyOf(readers).forEach(MemoryReader::close);
    cluster.closed(this);
  }

  MemoryCluster cluster() {
    return cluster;
  }

  StoredImage stored() {
    return stored;
  }

  void opened(MemoryReader reader) {
    readers.add(reader);
    cluster.opened(reader);
  }

  void closed(MemoryReader reader) {
    readers.remove(reader);
    cluster.closed(reader);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the image is closed: " + spec);
    }
  }
}
