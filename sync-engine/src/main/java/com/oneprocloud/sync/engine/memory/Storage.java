// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.ImageSpec;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What all connections to one cluster share: pools, images and the lock that guards them. */
final class Storage {
  final String fsid;
  final Clock clock;
  final Set<KnownBug> bugs;
  final CacheTier cacheTier;
  final boolean digests;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private final TreeMap<String, Pool> pools = new TreeMap<>();

  /** One pool. Guarded by the lock. */
  static final class Pool {
    final long id;
    final TreeMap<ImageSpec, StoredImage> images = new TreeMap<>();
    private long lastSnapshot;
    private long lastImage;

    private Pool(long id) {
      this.id = id;
    }

    long nextSnapshot() {
      return ++lastSnapshot;
    }

    String nextImageId() {
      return Long.toHexString(0x1000_0000L * id + ++lastImage);
    }
  }

  Storage(
      String fsid,
      Clock clock,
      Set<KnownBug> bugs,
      CacheTier cacheTier,
      boolean digests,
      Iterable<String> poolNames) {
    this.fsid = fsid;
    this.clock = clock;
    this.bugs = Set.copyOf(bugs);
    this.cacheTier = cacheTier;
    this.digests = digests;
    for (String name : poolNames) {
      pools.put(name, new Pool(pools.size() + 1));
    }
  }

  <T> T reading(Supplier<T> body) {
    lock.readLock().lock();
    try {
      return body.get();
    } finally {
      lock.readLock().unlock();
    }
  }

  <T extends @Nullable Object> T writing(Supplier<T> body) {
    lock.writeLock().lock();
    try {
      return body.get();
    } finally {
      lock.writeLock().unlock();
    }
  }

  Map<String, Pool> pools() {
    return pools;
  }

  Pool pool(String operation, String name) {
    Pool pool = pools.get(name);
    if (pool == null) {
      throw new NotFoundException(
          SyncException.failed(operation, name)
              .code("ENOENT")
              .because("the cluster has no such pool")
              .advice("Pools of this cluster: %s.", String.join(", ", pools.keySet())));
    }
    return pool;
  }

  Optional<StoredImage> find(ImageSpec spec) {
    Pool pool = pools.get(spec.pool());
    return pool == null ? Optional.empty() : Optional.ofNullable(pool.images.get(spec));
  }

  StoredImage image(String operation, ImageSpec spec) {
    StoredImage image = pool(operation, spec.pool()).images.get(spec);
    if (image == null) {
      throw new NotFoundException(
          SyncException.failed(operation, spec).code("ENOENT").because("there is no such image"));
    }
    return image;
  }

  /** The pool that numbers an image's snapshots: the one that holds its data. */
  Pool dataPool(StoredImage image) {
    for (Pool pool : pools.values()) {
      if (pool.id == image.layout().dataPoolId()) {
        return pool;
      }
    }
    throw new IllegalStateException("no pool of id " + image.layout().dataPoolId());
  }

  static StoredSnapshot snapshot(String operation, StoredImage image, long id) {
    StoredSnapshot snapshot = image.snapshots().get(id);
    if (snapshot == null) {
      throw new NotFoundException(
          SyncException.failed(operation, image.spec + "@" + Long.toUnsignedString(id))
              .code("ENOENT")
              .because("the snapshot does not exist any more"));
    }
    return snapshot;
  }

  static void checkExists(String operation, StoredImage image) {
    if (image.deleted) {
      throw new NotFoundException(
          SyncException.failed(operation, image.spec)
              .code("ENOENT")
              .because("the image was deleted"));
    }
  }
}
