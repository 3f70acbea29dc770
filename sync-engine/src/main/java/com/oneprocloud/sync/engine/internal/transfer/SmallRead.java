// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads a few KiB of what is read next, to see how long that takes. The data is not used. For one
 * thread.
 */
public final class SmallRead implements Pace.Probe {
  private static final int MOST = 4096;

  private final SnapshotReader reader;
  private @Nullable ByteBuffer memory;
  private long offset;
  private int length;

  /** Reads from a snapshot. */
  public SmallRead(SnapshotReader reader) {
    this.reader = reader;
  }

  /** Reads the front of this range from now on. */
  public void at(long start, long bytes) {
    offset = start;
    length = (int) Math.min(MOST, bytes);
  }

  @Override
  public void read() throws InterruptedException {
    ByteBuffer into = memory;
    if (into == null) {
      into = ByteBuffer.allocateDirect(MOST);
      memory = into;
    }
    CompletableFuture<Void> read = reader.read(offset, into.slice(0, length));
    try {
      Awaited.get(read);
    } catch (InterruptedException e) {
      // the memory is the reader's until then, and the snapshot must stay open
      var unused = read.handle((nothing, failure) -> true).join();
      throw e;
    }
  }
}
