// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.engine.SyncRun.Wanted;
import org.jspecify.annotations.Nullable;

/**
 * Pauses, resumes and cancels one run from another thread.
 *
 * <pre>{@code
 * RunControl control = new RunControl();
 * SyncRun run = engine.submit(plan, listener, control);
 * control.pause();
 * }</pre>
 *
 * <p>A run that is paused has stopped: it holds no lease, no thread of the engine and no memory,
 * and another proxy may take it up meanwhile. When it is resumed, it waits for its turn, plans
 * again and goes on inside the disk. It can stay paused for as long as its snapshot is kept, and
 * the end of the process does it no harm.
 *
 * <p>A run that waits for its turn is paused and cancelled at once and has done nothing; one that
 * is about to take its snapshots, when they are taken or given up. Neither takes effect any more
 * when the last point is being committed. For one run at a time. Thread-safe.
 */
public final class RunControl {
  /** Guarded by this. */
  private Wanted wanted = Wanted.RUN;

  /** Guarded by this. */
  private @Nullable SyncRun run;

  /** A control for a run to be. */
  public RunControl() {}

  /** Stops the run; it waits until it is resumed or cancelled. */
  public void pause() {
    want(Wanted.PAUSE);
  }

  /** Lets the run go on where it stopped. */
  public void resume() {
    want(Wanted.RUN);
  }

  /** Ends the run, paused or not, so that it can be taken up by a later plan. For good. */
  public void cancel() {
    want(Wanted.END);
  }

  /** Whether it was told to pause, and not to resume or to end since. */
  public boolean isPaused() {
    return wanted() == Wanted.PAUSE;
  }

  /** Whether it was told to end. */
  public boolean isCancelled() {
    return wanted() == Wanted.END;
  }

  synchronized Wanted wanted() {
    return wanted;
  }

  /** Steers that run from now on. */
  synchronized void steer(SyncRun next) {
    if (run != null) {
      throw new IllegalStateException("it steers another run: " + run);
    }
    run = next;
  }

  /** That run is over; a control that is kept keeps no engine. */
  synchronized void leave(SyncRun over) {
    if (run == over) {
      run = null;
    }
  }

  private void want(Wanted next) {
    SyncRun steered;
    synchronized (this) {
      if (wanted != Wanted.END) {
        wanted = next;
      }
      steered = run;
    }
    // without the lock: the run asks what is wanted
    if (steered != null) {
      steered.look();
    }
  }
}
