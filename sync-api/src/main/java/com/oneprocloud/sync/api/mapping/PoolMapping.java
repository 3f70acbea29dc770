// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.mapping;

import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.storage.ImageSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which pool the image of a disk is in: volume type to pool, with two well-known keys for disks
 * without a type. Immutable.
 *
 * <p>A pool is written {@code pool} or {@code pool/namespace}.
 */
public final class PoolMapping {
  /** The key for volumes that have no type. */
  public static final String DEFAULT_VOLUME_TYPE = "DEFAULT_VOLUME_TYPE";

  /** The key for the disks of image-booted servers: root, ephemeral, swap. */
  public static final String CEPH_GLANCE_VMS = "CEPH_GLANCE_VMS";

  private final Map<String, String> pools;

  private PoolMapping(Map<String, String> pools) {
    this.pools = Map.copyOf(pools);
  }

  /** A mapping without entries: every image has to be found by asking. */
  public static PoolMapping empty() {
    return new PoolMapping(Map.of());
  }

  /**
   * A mapping from volume types, {@link #DEFAULT_VOLUME_TYPE} and {@link #CEPH_GLANCE_VMS} to
   * pools.
   *
   * @throws IllegalArgumentException if a value is neither a pool's name nor {@code name/namespace}
   */
  public static PoolMapping of(Map<String, String> pools) {
    Builder builder = builder();
    pools.forEach(builder::put);
    return builder.build();
  }

  /** A builder without entries. */
  public static Builder builder() {
    return new Builder();
  }

  /** The key that decides about a disk: its volume type or a well-known key. */
  public static String keyOf(Disk disk) {
    return disk.kind() == Disk.Kind.VOLUME
        ? disk.volume().flatMap(Volume::type).orElse(DEFAULT_VOLUME_TYPE)
        : CEPH_GLANCE_VMS;
  }

  /**
   * Where the image of a disk should be, if there is an entry for its key. Whether it is there is
   * for the plan to find out.
   */
  public Optional<ImageSpec> imageOf(Disk disk) {
    return Optional.ofNullable(pools.get(keyOf(disk)))
        .map(pool -> ImageSpec.parse(pool + "/" + disk.imageName()));
  }

  /** The pools that appear in the mapping, as written, sorted. */
  public Set<String> pools() {
    return new TreeSet<>(pools.values());
  }

  /** The entries. */
  public Map<String, String> entries() {
    return pools;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PoolMapping that && pools.equals(that.pools);
  }

  @Override
  public int hashCode() {
    return pools.hashCode();
  }

  @Override
  public String toString() {
    return "PoolMapping" + pools;
  }

  /** Collects entries. Not thread-safe. */
  public static final class Builder {
    private final Map<String, String> pools = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Maps a volume type (or a well-known key) to a pool, replacing an earlier entry.
     *
     * @throws IllegalArgumentException if the pool is not written {@code pool} or {@code
     *     pool/namespace}
     */
    public Builder put(String volumeType, String pool) {
      Objects.requireNonNull(volumeType, "volumeType");
      ImageSpec.parse(pool + "/x");
      pools.put(volumeType, pool);
      return this;
    }

    /** The pool for volumes that have no type. */
    public Builder defaultType(String pool) {
      return put(DEFAULT_VOLUME_TYPE, pool);
    }

    /** The pool for the disks of image-booted servers. */
    public Builder imageBooted(String pool) {
      return put(CEPH_GLANCE_VMS, pool);
    }

    /** The mapping. */
    public PoolMapping build() {
      return new PoolMapping(pools);
    }
  }
}
