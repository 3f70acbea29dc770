// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.internal.schedule.Lane;
import com.oneprocloud.sync.engine.internal.schedule.RunQueue;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;

/**
 * Lets runs begin, not more than so many at a time, each on a thread of its own. Those that wait
 * hold no thread. Thread-safe.
 */
public final class Admission implements AutoCloseable {
  private final RunQueue<Run> waiting;
  private final EngineSettings settings;
  private final ExecutorService threads;

  /** Starts no thread before a run is admitted. */
  public Admission(EngineSettings settings) {
    int places = settings.runsAtATime();
    this.settings = settings;
    this.waiting =
        new RunQueue<>(places, settings.parallelDisks(), settings.limits(), InstantSource.system());
    this.threads = RunResources.threads(places, "sync-run");
  }

  /** A run. */
  public interface Run {
    /** It was admitted: does it, on this thread, and says {@link Admission#done} at its end. */
    void begin();

    /** It never will be admitted. */
    void drop();
  }

  /** Has a run begin when it is its turn; whether it was taken: not after {@link #close}. */
  public boolean add(Run run, SyncPlan plan) {
    boolean taken = waiting.add(run, plan.disks().stream().map(this::disk).toList());
    admit();
    return taken;
  }

  private RunQueue.Disk disk(DiskPlan plan) {
    Instant deadline = RunResources.deadline(plan, settings.limits());
    return new RunQueue.Disk(Lane.of(plan), deadline, plan.estimate().orElse(plan.size()));
  }

  private void admit() {
    for (Optional<Run> next = waiting.next(); next.isPresent(); next = waiting.next()) {
      try {
        threads.execute(next.get()::begin);
      } catch (RejectedExecutionException e) {
        waiting.done(next.get());
        next.get().drop();
      }
    }
  }

  /** Takes out a run that waits; whether it did. */
  public boolean remove(Run run) {
    return waiting.remove(run);
  }

  /** Says that a disk of an admitted run is at rest. */
  public void diskDone(Run run, DiskPlan disk) {
    waiting.diskDone(run, Lane.of(disk));
    admit();
  }

  /** Says that an admitted run is at rest. */
  public void done(Run run) {
    waiting.done(run);
    admit();
  }

  /** How many runs wait. */
  public int waiting() {
    return waiting.waiting();
  }

  /** How many runs are admitted. */
  public int admitted() {
    return waiting.admitted();
  }

  /** Whether no run can begin any more. */
  public boolean isClosed() {
    return waiting.isClosed();
  }

  /** Drops the runs that wait, and takes no more. */
  public void stop() {
    waiting.close().forEach(Run::drop);
  }

  /** Waits until all have ended. */
  @Override
  public void close() {
    stop();
    threads.shutdown();
    RunResources.awaitEnd(threads);
  }
}
