// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A replica in an array. */
public class HeldReplica implements Replica {
  /** What it holds. */
  public final byte[] bytes;

  /** Bytes that are not copied. */
  public HeldReplica(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public ReplicaState state() {
    return new ReplicaState.Empty();
  }

  @Override
  public void mark(ReplicaState state) {}

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public void resize(long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean clear(long size) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean clearsToZero() {
    return true;
  }

  @Override
  public void write(long offset, ByteBuffer data) {
    data.get(bytes, (int) offset, data.remaining());
  }

  @Override
  public void zero(long offset, long length) {
    Arrays.fill(bytes, (int) offset, (int) (offset + length), (byte) 0);
  }

  @Override
  public void read(long offset, ByteBuffer into) {
    into.put(bytes, (int) offset, into.remaining());
  }

  @Override
  public void flush() {}

  @Override
  public String epoch() {
    return "array";
  }

  @Override
  public void close() {}
}
