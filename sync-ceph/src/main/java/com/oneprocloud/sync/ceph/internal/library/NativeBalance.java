// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/**
 * What is open or allocated on the native side and not yet given back. All zero when nothing leaks.
 * Thread-safe.
 */
public final class NativeBalance {
  /** What is counted. */
  public enum Kind {
    /** Connections ({@code rados_t}). */
    CLUSTER,
    /** Pool contexts ({@code rados_ioctx_t}). */
    POOL,
    /** Images ({@code rbd_image_t}). */
    IMAGE,
    /** Operations handed to a library and not yet complete. */
    OPERATION,
    /** Blocks of native memory. */
    MEMORY
  }

  private final Map<Kind, LongAdder> counts = new EnumMap<>(Kind.class);

  /** Nothing open. */
  public NativeBalance() {
    for (Kind kind : Kind.values()) {
      counts.put(kind, new LongAdder());
    }
  }

  /** Counts something opened (+1) or given back (-1). */
  public void add(Kind kind, long change) {
    counter(kind).add(change);
  }

  /** How many there are now. */
  public long count(Kind kind) {
    return counter(kind).sum();
  }

  /** How many there are now of all kinds; 0 if everything was given back. */
  public long total() {
    return counts.values().stream().mapToLong(LongAdder::sum).sum();
  }

  private LongAdder counter(Kind kind) {
    return Objects.requireNonNull(counts.get(kind));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("native balance:");
    for (Kind kind : Kind.values()) {
      text.append(' ').append(kind).append('=').append(count(kind));
    }
    return text.toString();
  }
}
