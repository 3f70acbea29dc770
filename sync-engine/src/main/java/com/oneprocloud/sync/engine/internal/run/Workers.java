// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Threads that disks share. A disk whose tasks take for ever, because its target does not answer,
 * never has so many that another one would have none: a thread stays idle for each disk that uses
 * none. Disks take turns; the tasks of one start in the order in which they came. Thread-safe.
 */
final class Workers implements AutoCloseable {
  private final ExecutorService threads;
  private final int disks;

  /** Guarded by this, as all that follows: disks that have tasks waiting, whose turn is first. */
  private final Deque<Disk> waiting = new ArrayDeque<>();

  private int idle;

  /** Disks that use a thread. */
  private int busy;

  private boolean closed;

  /**
   * Starts no thread before it is needed.
   *
   * @param most how many a disk has at most
   * @param disks how many disks use them at a time
   */
  Workers(int most, int disks) {
    this.disks = disks;
    this.idle = threads(most, disks);
    this.threads = RunResources.threads(idle, "sync-worker");
  }

  /** How many threads there are at most. */
  static int threads(int most, int disks) {
    return most + disks - 1;
  }

  /** Where the tasks of one disk are run. Refuses them once this is closed. */
  Executor disk() {
    return new Disk();
  }

  /** Tasks of one disk. */
  private final class Disk implements Executor {
    private final Queue<Runnable> tasks = new ArrayDeque<>();
    private int running;

    @Override
    public void execute(Runnable task) {
      synchronized (Workers.this) {
        if (closed) {
          throw new RejectedExecutionException("the engine is closed");
        }
        tasks.add(task);
        if (tasks.size() == 1) {
          waiting.addLast(this);
        }
        startNext();
      }
    }

    private void run(Runnable task) {
      try {
        task.run();
      } finally {
        ended(this);
      }
    }
  }

  private synchronized void ended(Disk disk) {
    idle++;
    disk.running--;
    busy -= disk.running == 0 ? 1 : 0;
    startNext();
  }

  /** Starts what can be; the caller holds the lock. */
  private void startNext() {
    for (Disk disk = next(); disk != null; disk = next()) {
      waiting.remove(disk);
      start(disk);
      if (!disk.tasks.isEmpty()) {
        waiting.addLast(disk);
      }
    }
    if (closed && waiting.isEmpty()) {
      threads.shutdown();
    }
  }

  /** The first disk in turn that may use one more thread. */
  private @Nullable Disk next() {
    for (Disk disk : waiting) {
      if (idle > 0 && (disk.running == 0 || idle > disks - busy)) {
        return disk;
      }
    }
    return null;
  }

  private void start(Disk disk) {
    Runnable task = disk.tasks.remove();
    idle--;
    busy += disk.running == 0 ? 1 : 0;
    disk.running++;
    threads.execute(() -> disk.run(task));
  }

  /** Takes no more tasks, and waits until those that were taken have ended. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      startNext();
    }
    RunResources.awaitEnd(threads);
  }
}
