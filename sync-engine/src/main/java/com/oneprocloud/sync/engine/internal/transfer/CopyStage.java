// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.target.Replica;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicLong;

/** Writes what it is given to a replica, keeping runs of zeros out of it where it can. */
public final class CopyStage implements Pipeline.Stage {
  private final Replica replica;
  private final boolean zeroed;
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong zeros = new AtomicLong();

  /**
   * A stage that writes.
   *
   * @param replica where to
   * @param zeroed whether the replica reads as zeros wherever this pass has not written yet
   */
  public CopyStage(Replica replica, boolean zeroed) {
    this.replica = replica;
    this.zeroed = zeroed;
  }

  @Override
  public void data(long offset, ByteBuffer data) {
    Extents runs = Zeros.split(data, offset);
    for (int i = 0; i < runs.size(); i++) {
      if (runs.isZero(i)) {
        zero(runs.offset(i), runs.length(i));
      } else {
        int at = (int) (runs.offset(i) - offset);
        replica.write(runs.offset(i), data.slice(at, (int) runs.length(i)));
        written.addAndGet(runs.length(i));
      }
    }
  }

  @Override
  public void zero(long offset, long length) {
    if (!zeroed) {
      replica.zero(offset, length);
    }
    zeros.addAndGet(length);
  }

  /** Bytes of data written. */
  public long bytesWritten() {
    return written.get();
  }

  /** Bytes made zero, or left zero. */
  public long bytesZeroed() {
    return zeros.get();
  }
}
