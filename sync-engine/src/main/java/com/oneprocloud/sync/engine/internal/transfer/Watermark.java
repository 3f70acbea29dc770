// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Below which offset everything is done, when work is begun in ascending order and ends in any.
 * Thread-safe.
 */
final class Watermark {
  private final Deque<Work> begun = new ArrayDeque<>();
  private long next;

  Watermark(long start) {
    this.next = start;
  }

  /** Begins work on a range that starts at an offset; offsets never fall. */
  synchronized Work begin(long offset) {
    Work work = new Work(offset);
    begun.addLast(work);
    next = Math.max(next, offset);
    return work;
  }

  /** Says that no work will begin below an offset. */
  synchronized void passed(long offset) {
    next = Math.max(next, offset);
  }

  /** Everything below this offset is done. */
  synchronized long offset() {
    Work oldest = begun.peekFirst();
    return oldest == null ? next : oldest.offset;
  }

  /** How much work was begun and is not done. */
  synchronized int open() {
    int open = 0;
    for (Work work : begun) {
      open += work.done ? 0 : 1;
    }
    return open;
  }

  private synchronized void done(Work work) {
    work.done = true;
    Work oldest = begun.peekFirst();
    while (oldest != null && oldest.done) {
      begun.removeFirst();
      oldest = begun.peekFirst();
    }
  }

  /** Work that was begun. */
  final class Work {
    private final long offset;
    private boolean done;

    private Work(long offset) {
      this.offset = offset;
    }

    /** Ends the work. */
    void end() {
      done(this);
    }
  }
}
