// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.engine.internal.plan.ServerDisks;
import com.oneprocloud.sync.engine.internal.point.ServerSnapshots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to do what a plan says, with all of its disks. For one thread, but for {@link
 * #cancel}.
 */
public final class Attempt {
  private final SyncPlan plan;
  private final RunResources resources;
  private final Notifier notifier;
  private final @Nullable ServerSnapshots together;
  private final Opening opening;
  private final Consumer<DiskPlan> atRest;

  /** Guarded by this. */
  private final List<DiskRun> disks = new ArrayList<>();

  /** Guarded by this. */
  private final List<Future<DiskReport>> driving = new ArrayList<>();

  /** Guarded by this. */
  private boolean cancelled;

  private final List<DiskReport> committed = new ArrayList<>();

  /** How a disk is begun. */
  public interface Opening {
    /** Takes its lease and opens it. */
    DiskRun open(DiskPlan disk, Notifier notifier);
  }

  /**
   * An attempt.
   *
   * @param listener who hears of it
   * @param together takes the snapshots of all disks by one request, if that is wanted
   * @param opening how its disks are begun
   * @param atRest told of each disk that was driven when it is at rest
   */
  public Attempt(
      SyncPlan plan,
      RunResources resources,
      SyncListener listener,
      @Nullable ServerSnapshots together,
      Opening opening,
      Consumer<DiskPlan> atRest) {
    this.plan = plan;
    this.resources = resources;
    this.notifier = new Notifier(listener);
    this.together = together;
    this.opening = opening;
    this.atRest = atRest;
  }

  /** What a run that was stopped says. */
  public static SyncException cancelled(Object subject, @Nullable Throwable cause) {
    return new SyncException(
        SyncException.failed("run", subject)
            .because("it was cancelled")
            .advice("Plan again to take it up where it stopped.")
            .cause(cause));
  }

  /**
   * Takes the point, moves, verifies and commits.
   *
   * @throws SyncException if a disk failed, when all are at rest
   */
  public SyncReport run() {
    Throwable failure = null;
    try {
      notifier.tell(it -> it.runStarted(plan));
      Duration snapshotTime = begin();
      execute();
      Consistency reached =
          together == null || together.attempted()
              ? plan.consistency()
              : ServerDisks.consistency(plan.disks().size());
      return new SyncReport(plan.subject(), plan.run(), reached, snapshotTime, committed);
    } catch (RuntimeException | Error e) {
      failure = e;
      throw e;
    } finally {
      try {
        close(failure);
      } finally {
        notifier.tell(it -> it.runEnded(plan));
      }
    }
  }

  /**
   * Ends it as soon as it can be taken up, or was not begun. Thread-safe, and of no use after its
   * end.
   */
  public synchronized void cancel() {
    cancelled = true;
    // what is driven not by way of the futures: those would be done before the disks are at rest
    driving.forEach(resources::withdraw);
    disks.forEach(DiskRun::cancel);
  }

  /** Whether it was cancelled, at whatever moment. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /** What was committed, when it has ended. */
  public List<DiskReport> committed() {
    return committed;
  }

  private void checkWanted() {
    if (isCancelled()) {
      throw cancelled(plan.subject(), null);
    }
  }

  /** Opens the disks and takes the point; how long its snapshots took. */
  private Duration begin() {
    try {
      for (DiskPlan disk : plan.disks()) {
        checkWanted();
        DiskRun run = opening.open(disk, notifier);
        synchronized (this) {
          disks.add(run);
        }
      }
      return takePoint();
    } catch (RuntimeException | Error e) {
      // nothing is driven, and so none would be told of
      plan.disks().forEach(disk -> gaveUp(disk, e));
      throw e;
    }
  }

  private Duration takePoint() {
    List<DiskRun> fresh = disks.stream().filter(it -> !it.resumes()).toList();
    try {
      for (DiskRun disk : fresh) {
        checkWanted();
        notifier.tell(it -> it.phaseStarted(disk.plan(), SyncListener.Phase.SNAPSHOT));
        disk.begin(plan.run());
      }
      checkWanted();
      return Point.take(fresh, resources.calls());
    } catch (RuntimeException e) {
      for (DiskRun disk : fresh) {
        attach(e, disk::abandon);
      }
      throw e;
    }
  }

  private static void attach(RuntimeException failure, Runnable cleanUp) {
    try {
      cleanUp.run();
    } catch (SyncException e) {
      failure.addSuppressed(e);
    }
  }

  private void execute() {
    synchronized (this) {
      for (DiskRun disk : disks) {
        driving.add(resources.drive(disk.plan(), () -> drive(disk)));
      }
      if (cancelled) {
        cancel();
      }
    }
    RuntimeException failure = null;
    for (int i = 0; i < disks.size(); ) {
      try {
        committed.add(driving.get(i).get());
        i++;
      } catch (InterruptedException e) {
        cancel();
      } catch (ExecutionException | CancellationException e) {
        RuntimeException cause = cause(disks.get(i), e);
        gaveUp(disks.get(i).plan(), cause);
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
        i++;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void gaveUp(DiskPlan disk, Throwable cause) {
    resources.meter().failed();
    notifier.tell(it -> it.diskFailed(disk, cause));
  }

  private DiskReport drive(DiskRun disk) throws InterruptedException {
    try {
      return disk.execute();
    } finally {
      atRest.accept(disk.plan());
    }
  }

  private static RuntimeException cause(DiskRun disk, Exception e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    if (cause instanceof InterruptedException || cause instanceof CancellationException) {
      return cancelled(disk.plan().image(), cause);
    }
    return cause instanceof RuntimeException r ? r : new IllegalStateException(cause);
  }

  /** Closes in the reverse order of opening, all of them whatever fails. */
  private void close(@Nullable Throwable failure) {
    RuntimeException first = null;
    for (int i = disks.size() - 1; i >= 0; i--) {
      try {
        disks.get(i).close();
      } catch (RuntimeException e) {
        if (failure != null) {
          failure.addSuppressed(e);
        } else if (first == null) {
          first = e;
        } else {
          first.addSuppressed(e);
        }
      }
    }
    if (first != null) {
      throw first;
    }
  }
}
