// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pauses, resumes and cancels one run from another thread.
 *
 * <pre>{@code
 * RunControl control = new RunControl();
 * executor.submit(() -> engine.run(plan, listener, control));
 * control.pause();
 * }</pre>
 *
 * <p>A run that is paused has stopped: it holds no lease, no thread of the engine and no memory,
 * and another proxy may take it up meanwhile. When it is resumed, it plans again and goes on inside
 * the disk. It can stay paused for as long as its snapshot is kept, and the end of the process does
 * it no harm.
 *
 * <p>Both take effect once data is moved, and not any more when the last point is being committed.
 * For one call of {@link SyncEngine#run(SyncPlan, SyncListener, RunControl)} at a time.
 * Thread-safe.
 */
public final class RunControl {
  private enum Wanted {
    RUN,
    PAUSE,
    END
  }

  /** Guarded by this. */
  private Wanted wanted = Wanted.RUN;

  /** The thread that is to be interrupted for a pause, while it can be. Guarded by this. */
  private @Nullable Thread runner;

  /** Guarded by this. */
  private boolean interrupted;

  /** A control for a run to be. */
  public RunControl() {}

  /** Stops the run; it waits until it is resumed or cancelled. */
  public synchronized void pause() {
    want(Wanted.PAUSE);
  }

  /** Lets the run go on where it stopped. */
  public synchronized void resume() {
    if (wanted == Wanted.PAUSE) {
      wanted = Wanted.RUN;
      notifyAll();
    }
  }

  /** Ends the run, paused or not, so that it can be taken up by a later plan. For good. */
  public synchronized void cancel() {
    want(Wanted.END);
    notifyAll();
  }

  /** Whether it was told to pause, and not to resume or to end since. */
  public synchronized boolean isPaused() {
    return wanted == Wanted.PAUSE;
  }

  /** Whether it was told to end. */
  public synchronized boolean isCancelled() {
    return wanted == Wanted.END;
  }

  private void want(Wanted next) {
    if (wanted != Wanted.END) {
      wanted = next;
      interrupt();
    }
  }

  private synchronized void interrupt() {
    if (wanted != Wanted.RUN && runner != null && !interrupted) {
      interrupted = true;
      runner.interrupt();
    }
  }

  /** Waits while the run is to pause. */
  synchronized void awaitResume() throws InterruptedException {
    while (wanted == Wanted.PAUSE) {
      wait();
    }
  }

  /**
   * One attempt of the calling thread: hears the run, and lets the thread be interrupted from the
   * first transfer until the last disk is done. Before and after that leases are taken and given
   * back, which an interrupt would spoil.
   */
  final class Attempt implements SyncListener {
    private final Thread thread = Thread.currentThread();
    private final SyncListener listener;
    private final List<DiskReport> committed = new ArrayList<>();
    private int disks;

    Attempt(SyncListener listener) {
      this.listener = listener;
    }

    /**
     * Ends the attempt, on its thread.
     *
     * @return whether the thread was interrupted by this control; it is not any more
     */
    boolean end() {
      synchronized (RunControl.this) {
        runner = null;
        boolean ours = interrupted;
        interrupted = false;
        if (ours) {
          // one of somebody else's that came together with ours cannot be told apart
          boolean unused = Thread.interrupted();
        }
        return ours;
      }
    }

    /** What was committed in it. */
    List<DiskReport> committed() {
      return committed;
    }

    @Override
    public void runStarted(SyncPlan plan) {
      disks = plan.disks().size();
      listener.runStarted(plan);
    }

    @Override
    public void phaseStarted(DiskPlan disk, Phase phase) {
      if (phase == Phase.TRANSFER && disks > 0) {
        synchronized (RunControl.this) {
          runner = thread;
          interrupt();
        }
      }
      listener.phaseStarted(disk, phase);
    }

    @Override
    public void progressed(DiskPlan disk, DiskProgress progress) {
      listener.progressed(disk, progress);
    }

    @Override
    public void diskCommitted(DiskReport report) {
      committed.add(report);
      diskDone();
      listener.diskCommitted(report);
    }

    @Override
    public void diskFailed(DiskPlan disk, Throwable cause) {
      diskDone();
      listener.diskFailed(disk, cause);
    }

    private void diskDone() {
      disks--;
      if (disks == 0) {
        synchronized (RunControl.this) {
          runner = null;
        }
      }
    }

    @Override
    public void runEnded(SyncPlan plan) {
      listener.runEnded(plan);
    }
  }
}
