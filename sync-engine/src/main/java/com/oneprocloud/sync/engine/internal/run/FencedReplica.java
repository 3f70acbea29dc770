// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.nio.ByteBuffer;

/**
 * A replica that is changed only while the run's lease holds. The chain store refuses a stale
 * holder by itself; a target knows nothing of leases, and a process that stood still would write
 * over what its successor wrote.
 *
 * <p>As thread-safe as the replica. What has passed the check cannot be called back: a target that
 * two machines write to at the same time needs a fence of its own.
 */
final class FencedReplica implements Replica {
  private final Replica replica;
  private final LeaseKeeper lease;

  FencedReplica(Replica replica, LeaseKeeper lease) {
    this.replica = replica;
    this.lease = lease;
  }

  @Override
  public ReplicaState state() {
    return replica.state();
  }

  @Override
  public void mark(ReplicaState state) {
    lease.check();
    replica.mark(state);
  }

  @Override
  public long size() {
    return replica.size();
  }

  @Override
  public void resize(long size) {
    lease.check();
    replica.resize(size);
  }

  @Override
  public boolean clear(long size) {
    lease.check();
    return replica.clear(size);
  }

  @Override
  public boolean clearsToZero() {
    return replica.clearsToZero();
  }

  @Override
  public void write(long offset, ByteBuffer data) {
    lease.check();
    replica.write(offset, data);
  }

  @Override
  public void zero(long offset, long length) {
    lease.check();
    replica.zero(offset, length);
  }

  @Override
  public void read(long offset, ByteBuffer into) {
    replica.read(offset, into);
  }

  @Override
  public void flush() {
    replica.flush();
  }

  @Override
  public String epoch() {
    return replica.epoch();
  }

  @Override
  public void close() {
    replica.close();
  }

  @Override
  public String toString() {
    return replica.toString();
  }
}
