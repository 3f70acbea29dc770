// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.nio.ByteBuffer;

/** A replica that takes everything and keeps nothing, as {@code /dev/null} does for a tool. */
public class NullReplica implements Replica {
  @Override
  public ReplicaState state() {
    return new ReplicaState.Empty();
  }

  @Override
  public void mark(ReplicaState state) {}

  @Override
  public long size() {
    return Long.MAX_VALUE;
  }

  @Override
  public void resize(long size) {}

  @Override
  public boolean clear(long size) {
    return true;
  }

  @Override
  public boolean clearsToZero() {
    return true;
  }

  @Override
  public void write(long offset, ByteBuffer data) {
    data.position(data.limit());
  }

  @Override
  public void zero(long offset, long length) {}

  @Override
  public void read(long offset, ByteBuffer into) {
    throw new UnsupportedOperationException("nothing was kept");
  }

  @Override
  public void flush() {}

  @Override
  public String epoch() {
    return "none";
  }

  @Override
  public void close() {}
}
