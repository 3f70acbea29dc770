// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.ceph.internal.library.Callbacks;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The callback of diffs: one for a connection, which tells the diffs apart by a number.
 * Thread-safe.
 */
final class Diffs {
  private final ConcurrentHashMap<Long, Collector> collectors = new ConcurrentHashMap<>();
  private final AtomicLong lastNumber = new AtomicLong();
  private final Callbacks.Diff callback = this::found;
  private final long address = Callbacks.address(callback);

  /** A diff of librbd, given the callback and its argument. */
  interface Call {
    /** Returns a negative error code if the diff failed. */
    int run(long callback, long argument);
  }

  /**
   * Runs a diff and collects what it finds.
   *
   * @param offset first byte of the range
   * @param length bytes of the range
   * @param into takes the extents, cut to the range
   * @param call the diff
   * @return a negative error code if it failed; then the extents are good for nothing
   */
  int collect(long offset, long length, Extents.Builder into, Call call) {
    long number = lastNumber.incrementAndGet();
    Collector collector = new Collector(offset, offset + length, into);
    collectors.put(number, collector);
    try {
      int result = call.run(address, number);
      collector.rethrow();
      return result;
    } finally {
      collectors.remove(number);
    }
  }

  private int found(long offset, long length, int exists, long number) {
    Collector collector = collectors.get(number);
    return collector == null
        ? Errno.ECANCELED.result()
        : collector.add(offset, length, exists != 0);
  }

  private static final class Collector {
    private final long start;
    private final long end;
    private final Extents.Builder into;
    private @Nullable Throwable failure;

    Collector(long start, long end, Extents.Builder into) {
      this.start = start;
      this.end = end;
      this.into = into;
    }

    /**
     * Called by the library, which knows no exceptions, and goes on calling for a while after an
     * error.
     */
    synchronized int add(long offset, long length, boolean exists) {
      if (failure == null) {
        try {
          long from = Math.max(start, offset);
          long to = Math.min(end, offset + length);
          if (from < to) {
            into.add(from, to - from, !exists);
          }
          return 0;
        } catch (RuntimeException | Error e) {
          failure = e;
        }
      }
      // Not -ENOENT: librbd takes that for success.
      return Errno.ECANCELED.result();
    }

    synchronized void rethrow() {
      if (failure instanceof Error error) {
        throw error;
      }
      if (failure instanceof RuntimeException exception) {
        throw exception;
      }
    }
  }
}
