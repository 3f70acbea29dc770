// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.Limits;
import com.oneprocloud.sync.engine.internal.figures.EngineMeter;
import com.oneprocloud.sync.engine.internal.schedule.DiskQueue;
import com.oneprocloud.sync.engine.internal.schedule.Lane;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import com.oneprocloud.sync.engine.internal.transfer.CompareStage;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all runs of an engine share: memory and threads. Its sizes are the settings', whatever the
 * number of disks.
 */
public final class RunResources implements AutoCloseable {
  final EngineSettings settings;
  final ChainStore chains;
  final BufferPool buffers;
  final BufferPool scratch;
  final Pace pace;
  private final DiskQueue<FutureTask<?>> waiting;
  final EngineMeter meter = new EngineMeter(System::nanoTime);
  private final ExecutorService drivers;
  final Workers workers;
  final ExecutorService calls;
  final ScheduledExecutorService scheduler;

  /** Starts the threads. */
  public RunResources(EngineSettings settings, ChainStore chains) {
    this.settings = settings;
    this.chains = chains;
    this.buffers = new BufferPool(settings.bytesInFlight(), settings.parallelDisks());
    this.scratch =
        CompareStage.scratch(Workers.threads(settings.workers(), settings.parallelDisks()));
    this.pace = new Pace(settings.limits());
    this.waiting =
        new DiskQueue<>(settings.parallelDisks(), settings.limits(), InstantSource.system());
    this.drivers = threads(settings.parallelDisks(), "sync-disk");
    this.workers = new Workers(settings.workers(), settings.parallelDisks());
    this.calls = threads(settings.parallelDisks() * 2, "sync-call");
    this.scheduler = Executors.newSingleThreadScheduledExecutor(named("sync-lease"));
  }

  /**
   * Drives a disk on a thread of its own, when it is its turn.
   *
   * @return done when the disk is at rest; cancelled if the engine was closed before it began
   */
  public <T> Future<T> drive(DiskPlan plan, Callable<T> disk) {
    FutureTask<T> task = new FutureTask<>(disk);
    if (!waiting.add(Lane.of(plan), deadline(plan, settings.limits()), task)) {
      task.cancel(false);
    }
    driveNext();
    return task;
  }

  /** Cancels a disk whose turn did not come yet; one that is being driven is left alone. */
  public void withdraw(Future<?> disk) {
    if (disk instanceof FutureTask<?> task && waiting.remove(task)) {
      task.cancel(false);
    }
  }

  /** By when a disk should begin. */
  static Instant deadline(DiskPlan plan, Limits limits) {
    Duration age = limits.recoveryPoint();
    return age.isZero()
        ? Instant.MAX
        : plan.head().map(it -> it.manifest().committed()).orElseGet(Instant::now).plus(age);
  }

  private void driveNext() {
    while (true) {
      Optional<DiskQueue.Entry<FutureTask<?>>> next = waiting.next();
      if (next.isEmpty()) {
        return;
      }
      Lane lane = next.get().lane();
      FutureTask<?> task = next.get().what();
      try {
        drivers.execute(new Driven(lane, task));
      } catch (RejectedExecutionException e) {
        task.cancel(false);
        waiting.done(lane);
      }
    }
  }

  /** A disk whose turn it is. */
  private final class Driven implements Runnable {
    private final Lane lane;
    private final FutureTask<?> task;

    Driven(Lane lane, FutureTask<?> task) {
      this.lane = lane;
      this.task = task;
    }

    @Override
    public void run() {
      try {
        task.run();
      } finally {
        waiting.done(lane);
        driveNext();
      }
    }
  }

  /** The engine's settings. */
  public EngineSettings settings() {
    return settings;
  }

  /** What the engine does and has done. */
  public EngineMeter meter() {
    return meter;
  }

  /** What adaptive mode allows now, in bytes a second, by pool. */
  public Map<String, Long> allowedRates() {
    return pace.allowed();
  }

  /** Threads for blocking calls to the source: diffs and snapshots. */
  public ExecutorService calls() {
    return calls;
  }

  /** Bytes of buffers that are out now. */
  public long bytesOut() {
    return buffers.bytesOut() + scratch.bytesOut();
  }

  /** Interrupts the disks that are being driven, cancels those that wait, and starts no more. */
  public void stop() {
    waiting.close().forEach(it -> it.cancel(false));
    for (Runnable begun : drivers.shutdownNow()) {
      if (begun instanceof Driven driven) {
        driven.task.cancel(false);
      }
    }
  }

  /** Interrupts what is running and waits until it has ended. */
  @Override
  public void close() {
    stop();
    awaitEnd(drivers);
    workers.close();
    for (ExecutorService executor : new ExecutorService[] {calls, scheduler}) {
      executor.shutdown();
      awaitEnd(executor);
    }
  }

  /** So many threads, which do not keep the process alive. */
  static ExecutorService threads(int number, String name) {
    return Executors.newFixedThreadPool(number, named(name));
  }

  static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    while (true) {
      try {
        if (executor.awaitTermination(1, TimeUnit.DAYS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static ThreadFactory named(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
