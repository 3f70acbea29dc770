// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * One replica in memory that any number of proxies may have open at a time: a place that cannot
 * tell them apart, so that only the chain store keeps them from each other.
 */
final class SharedTarget implements Target {
  private byte[] content = new byte[0];
  private ReplicaState state = new ReplicaState.Empty();

  synchronized byte[] content() {
    return content.clone();
  }

  @Override
  public String id() {
    return "shared";
  }

  @Override
  public List<Fault> check(ReplicaName name, long size) {
    return List.of();
  }

  @Override
  public synchronized ReplicaState state(ReplicaName name) {
    return state;
  }

  @Override
  public Replica open(ReplicaName name) {
    return new Opened();
  }

  private final class Opened implements Replica {
    @Override
    public ReplicaState state() {
      synchronized (SharedTarget.this) {
        return state;
      }
    }

    @Override
    public void mark(ReplicaState marked) {
      synchronized (SharedTarget.this) {
        state = marked;
      }
    }

    @Override
    public long size() {
      synchronized (SharedTarget.this) {
        return content.length;
      }
    }

    @Override
    public void resize(long size) {
      synchronized (SharedTarget.this) {
        content = Arrays.copyOf(content, Math.toIntExact(size));
      }
    }

    @Override
    public boolean clear(long size) {
      synchronized (SharedTarget.this) {
        content = new byte[Math.toIntExact(size)];
      }
      return true;
    }

    @Override
    public boolean clearsToZero() {
      return true;
    }

    @Override
    public void write(long offset, ByteBuffer data) {
      synchronized (SharedTarget.this) {
        data.get(content, (int) offset, data.remaining());
      }
    }

    @Override
    public void zero(long offset, long length) {
      synchronized (SharedTarget.this) {
        Arrays.fill(content, (int) offset, (int) (offset + length), (byte) 0);
      }
    }

    @Override
    public void read(long offset, ByteBuffer into) {
      synchronized (SharedTarget.this) {
        into.put(content, (int) offset, into.remaining());
      }
    }

    @Override
    public void flush() {}

    @Override
    public String epoch() {
      return "this JVM";
    }

    @Override
    public void close() {}
  }
}
