// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.benchmarks.core.NullReplica;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/**
 * A target that keeps no data: only states, sizes, how many bytes came, and the eight bytes at one
 * offset, which tell the images apart. Thread-safe.
 */
final class CountingTarget implements Target {
  private final long markOffset;
  private final Map<ReplicaName, Held> held = new ConcurrentHashMap<>();
  private final AtomicInteger open = new AtomicInteger();
  private final LongAdder bytes = new LongAdder();

  /**
   * A target.
   *
   * @param markOffset where the bytes are that tell the images apart
   */
  CountingTarget(long markOffset) {
    this.markOffset = markOffset;
  }

  /** The mark that a replica holds; 0 if none came. */
  long mark(ReplicaName name) {
    return of(name).mark;
  }

  /** How many replicas are open. */
  int openReplicas() {
    return open.get();
  }

  /** How many bytes were written since the last call. */
  long takeBytes() {
    return bytes.sumThenReset();
  }

  private Held of(ReplicaName name) {
    return held.computeIfAbsent(name, it -> new Held());
  }

  @Override
  public String id() {
    return "nowhere";
  }

  @Override
  public List<Fault> check(ReplicaName name, long size) {
    return List.of();
  }

  @Override
  public ReplicaState state(ReplicaName name) {
    return of(name).state;
  }

  @Override
  public Replica open(ReplicaName name) {
    open.incrementAndGet();
    return of(name);
  }

  /** What is known of one replica. */
  private final class Held extends NullReplica {
    private volatile ReplicaState state = new ReplicaState.Empty();
    private volatile long size;
    private volatile long mark;

    @Override
    public ReplicaState state() {
      return state;
    }

    @Override
    public void mark(ReplicaState next) {
      state = next;
    }

    @Override
    public long size() {
      return size;
    }

    @Override
    public void resize(long to) {
      size = to;
    }

    @Override
    public boolean clear(long to) {
      size = to;
      mark = 0;
      return true;
    }

    @Override
    public void write(long offset, ByteBuffer data) {
      bytes.add(data.remaining());
      long at = markOffset - offset;
      if (at >= 0 && at + Long.BYTES <= data.remaining()) {
        mark = data.getLong(data.position() + (int) at);
      }
      super.write(offset, data);
    }

    @Override
    public void close() {
      open.decrementAndGet();
    }
  }
}
