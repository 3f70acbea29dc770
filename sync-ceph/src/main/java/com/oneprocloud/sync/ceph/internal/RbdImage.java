// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ObjectMap;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An image of a cluster, opened read-only. */
public final class RbdImage implements Image {
  /** Without object maps an estimate asks every object; beyond this many it would take seconds. */
  private static final long MOST_OBJECTS_ASKED = 16384;

  private final Connection connection;
  private final ImageSpec spec;
  private final Lifetime lifetime;
  private final ImageIdentity identity;
  private final long size;
  private final Layout layout;
  private final Set<String> features;
  private final Optional<ParentLink> parent;
  private final ImageHandle handle;
  private final PoolContext pool;
  private final PoolContext control;
  private final SnapshotRecords records;

  private RbdImage(Connection connection, ImageSpec spec, ImageHandle handle) {
    this.connection = connection;
    this.spec = spec;
    this.handle = handle;
    if (handle.isOldFormat()) {
      throw new UnsupportedException(
          failed("open image", spec)
              .because("it has the old image format 1")
              .advice("Copy it to a new image (rbd migration or rbd cp)."));
    }
    identity =
        new ImageIdentity(connection.fsid(), handle.pool().poolId(), spec.namespace(), handle.id());
    size = handle.size();
    layout = handle.layout();
    features = Features.names(handle.features());
    parent = handle.parent();
    pool = handle.pool();
    control = PoolContext.control(connection, identity.poolId(), identity.namespace());
    records = new SnapshotRecords(connection, identity, spec, control);
    try {
      lifetime =
          new Lifetime(
              "image " + spec, connection.lifetime(), connection.calls().releases(), this::release);
    } catch (IllegalStateException e) {
      control.close();
      throw e;
    }
  }

  private void release() {
    control.close();
    handle.close();
  }

  /** Opens an image. */
  public static RbdImage open(Connection connection, ImageSpec spec) {
    return connection.call(
        "open image",
        spec,
        connection.lifetime(),
        () -> {
          ImageHandle handle = ImageHandle.open(connection, spec);
          try {
            return new RbdImage(connection, spec, handle);
          } catch (RuntimeException | Error e) {
            handle.close();
            throw e;
          }
        },
        RbdImage::close);
  }

  @Override
  public ImageSpec spec() {
    return spec;
  }

  @Override
  public ImageIdentity identity() {
    return identity;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public Layout layout() {
    return layout;
  }

  @Override
  public Set<String> features() {
    return features;
  }

  @Override
  public Optional<ParentLink> parent() {
    return parent;
  }

  @Override
  public List<Snapshot> snapshots() {
    return connection.call(
        "list snapshots",
        spec,
        lifetime,
        () -> {
          try (ImageHandle now = ImageHandle.open(connection, identity, spec)) {
            return List.copyOf(now.snapshots());
          }
        });
  }

  @Override
  public List<Snapshot> snapshotsWhenOpened() {
    return connection.call("list snapshots", spec, lifetime, () -> List.copyOf(handle.snapshots()));
  }

  /**
   * Asks for whole objects, which costs next to nothing where the image has object maps. They are
   * not to be trusted with data ({@code rbd_diff_iterate2} misses changes after a rollback), but
   * good enough for an estimate.
   */
  @Override
  public OptionalLong estimate(@Nullable Snapshot base) {
    if (!features.contains("fast-diff") && size / layout.objectSize() > MOST_OBJECTS_ASKED) {
      return OptionalLong.empty();
    }
    return connection.call(
        "estimate",
        spec,
        lifetime,
        () -> {
          // what was not there when this was opened is not known to its handle
          if (base == null || has(handle, base)) {
            return handle.changedBytes(base);
          }
          try (ImageHandle now = ImageHandle.open(connection, identity, spec)) {
            return now.changedBytes(base);
          }
        });
  }

  private static boolean has(ImageHandle handle, Snapshot snapshot) {
    return handle.snapshots().stream().anyMatch(it -> it.id().equals(snapshot.id()));
  }

  @Override
  public ObjectMap objectMap(Snapshot snapshot) {
    return connection.call(
        "read object map",
        spec,
        lifetime,
        () -> new ObjectMapRead(connection, this, pool, snapshot).run());
  }

  @Override
  public CacheTier cacheTier() {
    return connection.call(
        "ask for cache tiers", spec, lifetime, () -> PoolTiers.of(connection, layout.dataPoolId()));
  }

  @Override
  public Snapshot snapshot(String name) {
    return snapshots().stream()
        .filter(snapshot -> snapshot.kind() == Snapshot.Kind.USER && snapshot.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new NotFoundException(
                    failed("find snapshot", spec + "@" + name)
                        .because("there is no snapshot of that name")
                        .code(Errno.ENOENT.name())));
  }

  @Override
  public SnapshotReader at(Snapshot snapshot) {
    return RbdSnapshotReader.open(connection, this, snapshot);
  }

  @Override
  public void close() {
    lifetime.close(connection.patience());
  }

  Lifetime lifetime() {
    return lifetime;
  }

  /** The snapshots as the handle knows them; on a thread of the connection's calls. */
  List<Snapshot> listed() {
    return handle.snapshots();
  }

  /** Tells whether snapshots still exist. */
  SnapshotRecords records() {
    return records;
  }

  @Override
  public String toString() {
    return "image " + spec + " (" + identity + ")";
  }
}
