// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.api.storage.StorageCluster;
import java.time.Clock;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A connection to a storage cluster in memory. Reading goes through {@link StorageCluster},
 * snapshots through {@link #snapshotter}, writing, as the servers that use the images would,
 * through {@link MemoryDisk}.
 *
 * <p>What is stored lives as long as one connection to it: {@link #connect} opens another to the
 * same storage, so that a test can close one, as a crash would, and go on with the next. Faults,
 * deadline, threads and open images belong to a connection.
 *
 * <p>Data is kept sparsely in chunks of 4 KiB that snapshots share, so an image of any size costs
 * what was written to it. Thread-safe.
 */
public final class MemoryCluster implements StorageCluster {
  private final Storage storage;
  private final Service service;
  private final int threadCount;
  private final Set<AutoCloseable> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private MemoryCluster(Storage storage, Duration deadline, int threadCount, Faults faults) {
    this.storage = storage;
    this.threadCount = threadCount;
    this.service = new Service(deadline, threadCount, faults);
  }

  /** A new, empty cluster with these pools and no faults. */
  public static MemoryCluster withPools(String... pools) {
    return builder().pools(pools).build();
  }

  /** A builder of a new, empty cluster. */
  public static Builder builder() {
    return new Builder();
  }

  /** Another connection to the same storage, with the same deadline and faults. */
  public MemoryCluster connect() {
    checkOpen();
    return new MemoryCluster(storage, service.deadline(), threadCount, service.faults());
  }

  @Override
  public String fsid() {
    return storage.fsid;
  }

  @Override
  public String description() {
    return "storage cluster in memory";
  }

  @Override
  public List<String> pools() {
    checkOpen();
    return service.perform(
        service.call(Call.Kind.LIST, "pools", 0, 0),
        () -> storage.reading(() -> List.copyOf(storage.pools().keySet())));
  }

  @Override
  public List<String> images(String pool, String namespace) {
    checkOpen();
    return service.perform(
        service.call(Call.Kind.LIST, pool, 0, 0),
        () ->
            storage.reading(
                () ->
                    storage.pool("list images", pool).images.keySet().stream()
                        .filter(spec -> spec.namespace().equals(namespace))
                        .map(ImageSpec::name)
                        .toList()));
  }

  @Override
  public Optional<ImageIdentity> find(ImageSpec image) {
    checkOpen();
    return service.perform(
        service.call(Call.Kind.LIST, image, 0, 0),
        () -> storage.reading(() -> storage.find(image).map(StoredImage::identity)));
  }

  @Override
  public Image open(ImageSpec image) {
    checkOpen();
    return service.perform(
        service.call(Call.Kind.OPEN, image, 0, 0),
        () ->
            storage.reading(
                () -> new MemoryImage(this, image, storage.image("open image", image))));
  }

  /**
   * The capability to make and remove snapshots; subject to the deadline and faults of this
   * connection.
   */
  public Snapshotter snapshotter() {
    checkOpen();
    return new MemorySnapshotter(this);
  }

  /**
   * An image, for writing.
   *
   * @throws NotFoundException if there is none
   */
  public MemoryDisk disk(ImageSpec image) {
    return storage.reading(
        () -> new MemoryDisk(storage, storage.image("open image for writing", image)));
  }

  /** Makes an image of 4 MiB objects in the pool that its spec names. */
  public MemoryDisk createDisk(ImageSpec image, long size) {
    return newDisk(image).size(size).create();
  }

  /** Starts to make an image. */
  public MemoryDisk.Builder newDisk(ImageSpec image) {
    return new MemoryDisk.Builder(storage, image);
  }

  /** Changes what goes wrong from the next operation of this connection on. */
  public void faults(Faults faults) {
    service.faults(Objects.requireNonNull(faults, "faults"));
  }

  /**
   * Stops answering, as if the network were cut: operations of this connection that have not begun
   * wait, until {@link #resume} or their deadline.
   */
  public void stop() {
    service.stop();
  }

  /** Answers again. */
  public void resume() {
    service.resume();
  }

  /** The number of images, readers and snapshotters of this connection that are open. */
  public int openHandles() {
    return open.size();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      for (AutoCloseable handle : Set.copyOf(open)) {
        if (handle instanceof MemoryImage image) {
          image.close();
        } else if (handle instanceof MemorySnapshotter snapshotter) {
          snapshotter.close();
        }
      }
      service.close();
    }
  }

  Storage storage() {
    return storage;
  }

  Service service() {
    return service;
  }

  void opened(AutoCloseable handle) {
    checkOpen();
    open.add(handle);
  }

  void closed(AutoCloseable handle) {
    open.remove(handle);
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the cluster is closed");
    }
  }

  /** How a new cluster is to be. Not thread-safe. */
  public static final class Builder {
    private final Set<String> pools = new LinkedHashSet<>();
    private String fsid = UUID.randomUUID().toString();
    private Duration deadline = Duration.ofSeconds(30);
    private int threads = 4;
    private Faults faults = Faults.none();
    private Clock clock = Clock.systemUTC();
    private CacheTier cacheTier = CacheTier.NONE;
    private final Set<KnownBug> bugs = EnumSet.noneOf(KnownBug.class);
    private boolean digests = true;

    private Builder() {}

    /** Adds pools. */
    public Builder pools(String... names) {
      pools.addAll(List.of(names));
      return this;
    }

    /** The fsid; a random one by default. */
    public Builder fsid(String fsid) {
      this.fsid = Objects.requireNonNull(fsid, "fsid");
      return this;
    }

    /** How long one operation may take; 30 s by default. */
    public Builder deadline(Duration deadline) {
      if (deadline.isNegative() || deadline.isZero()) {
        throw new IllegalArgumentException("deadline is not positive: " + deadline);
      }
      this.deadline = deadline;
      return this;
    }

    /** The number of threads that carry out reads; 4 by default. */
    public Builder threads(int threads) {
      if (threads < 1) {
        throw new IllegalArgumentException("threads is not positive: " + threads);
      }
      this.threads = threads;
      return this;
    }

    /** What goes wrong; nothing by default. */
    public Builder faults(Faults faults) {
      this.faults = Objects.requireNonNull(faults, "faults");
      return this;
    }

    /** What tells the time of snapshots; the system's clock by default. */
    public Builder clock(Clock clock) {
      this.clock = Objects.requireNonNull(clock, "clock");
      return this;
    }

    /** Gives the cluster bugs; it has none by default. */
    public Builder bugs(KnownBug... known) {
      bugs.addAll(List.of(known));
      return this;
    }

    /** What images say of a cache tier; that there is none by default. */
    public Builder cacheTier(CacheTier told) {
      this.cacheTier = Objects.requireNonNull(told, "told");
      return this;
    }

    /** Makes it a cluster that works out no digests, as Ceph's do before Luminous. */
    public Builder withoutDigests() {
      digests = false;
      return this;
    }

    /** Makes the cluster and connects to it. */
    public MemoryCluster build() {
      return new MemoryCluster(
          new Storage(fsid, clock, bugs, cacheTier, digests, pools), deadline, threads, faults);
    }
  }
}
