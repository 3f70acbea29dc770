// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.engine.internal.plan.ServerDisks;
import com.oneprocloud.sync.engine.internal.run.Admission;
import com.oneprocloud.sync.engine.internal.run.Attempt;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A run that was submitted to an engine: it waits for its turn, goes on, or is over.
 *
 * <p>While it waits it is no more than its plan: it has opened and taken nothing, and has no
 * thread. It is over when it is at rest: leases are given back, images and replicas closed.
 * Thread-safe.
 */
public final class SyncRun {
  /** What it is to do. */
  enum Wanted {
    RUN,
    PAUSE,
    END
  }

  private enum State {
    /** It neither waits nor goes on: it is new, or paused. */
    HELD,
    WAITING,
    ACTIVE,
    OVER
  }

  private final SyncEngine engine;
  private final SyncPlan plan;
  private final SyncListener listener;
  private final RunControl control;
  private final Admission.Run turn = new Turn();
  private final CompletableFuture<SyncReport> report = new CompletableFuture<>();

  /** Guarded by this. */
  private State state = State.HELD;

  /** Guarded by this. */
  private boolean cancelled;

  /** While it is active, once it is planned. Guarded by this. */
  private @Nullable Attempt attempt;

  /** Whether an attempt was stopped, so that the next one plans again. Guarded by this. */
  private boolean stopped;

  /** What attempts that were stopped had committed. Guarded by this. */
  private final List<DiskReport> earlier = new ArrayList<>();

  SyncRun(SyncEngine engine, SyncPlan plan, SyncListener listener, RunControl control) {
    this.engine = engine;
    this.plan = plan;
    this.listener = listener;
    this.control = control;
  }

  /** What was submitted. */
  public SyncPlan plan() {
    return plan;
  }

  /** Whether it waits for its turn. */
  public synchronized boolean isWaiting() {
    return state == State.WAITING;
  }

  /**
   * Ends it, for good, and returns at once. A run that waits is over then and has done nothing; one
   * that goes on is over when it is at rest, and can be taken up by a later plan. Of no effect when
   * all points are committed.
   */
  public void cancel() {
    synchronized (this) {
      cancelled = true;
    }
    look();
  }

  /**
   * The report, or the first failure as {@link SyncEngine#run(SyncPlan, SyncListener)} throws it,
   * as soon as the run is at rest. It is completed by a thread of the engine, or by that which
   * cancels the run or closes the engine: what is done there may submit runs, but has to return
   * soon and may neither wait for a run nor close the engine.
   */
  public CompletionStage<SyncReport> report() {
    return report.minimalCompletionStage();
  }

  /**
   * Waits for the report.
   *
   * @throws SyncException if a disk failed, or the run was cancelled
   * @throws IllegalStateException if the engine was closed before the run could begin
   * @throws InterruptedException if the thread was interrupted; the run goes on
   */
  public SyncReport await() throws InterruptedException {
    try {
      return report.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    }
  }

  /** For the holder of the lock. */
  private Wanted wanted() {
    return cancelled ? Wanted.END : control.wanted();
  }

  /** Does what is wanted now, as far as it can be done now. */
  void look() {
    boolean waits;
    synchronized (this) {
      Wanted wanted = wanted();
      if (wanted != Wanted.RUN) {
        if (attempt != null) {
          attempt.cancel();
        } else if (state == State.WAITING && engine.admission().remove(turn)) {
          state = State.HELD;
        }
      }
      if (state != State.HELD || wanted == Wanted.PAUSE) {
        return;
      }
      waits = wanted == Wanted.RUN;
      state = waits ? State.WAITING : State.OVER;
    }
    // without the lock, since others may be told there that they will not begin
    if (!waits) {
      fail(Attempt.cancelled(plan.subject(), null));
    } else if (engine.admission().add(turn, plan)) {
      // who wanted something else meanwhile did not find it waiting
      look();
    } else {
      turn.drop();
    }
  }

  private void fail(Throwable failure) {
    leave();
    report.completeExceptionally(failure);
  }

  /** What may be done again when the report is there. */
  private void leave() {
    control.leave(this);
    engine.forget(this);
  }

  /** What the engine lets begin. */
  private final class Turn implements Admission.Run {
    @Override
    public void begin() {
      SyncReport done = null;
      Throwable failure = null;
      try {
        Attempt next = nextAttempt();
        done = next == null ? null : next.run();
      } catch (RuntimeException | Error e) {
        failure = e;
      }
      engine.admission().done(this);
      ended(done, failure);
    }

    @Override
    public void drop() {
      synchronized (SyncRun.this) {
        state = State.OVER;
      }
      fail(Attempt.cancelled(plan.subject(), new IllegalStateException("the engine is closed")));
    }
  }

  /** What is to be done now; null if nothing is any more. */
  private @Nullable Attempt nextAttempt() {
    boolean again;
    synchronized (this) {
      state = State.ACTIVE;
      if (wanted() != Wanted.RUN) {
        return null;
      }
      again = stopped;
    }
    SyncPlan next = again ? engine.rest(plan) : plan;
    synchronized (this) {
      attempt = engine.attempt(next, listener, disk -> engine.admission().diskDone(turn, disk));
      if (wanted() != Wanted.RUN) {
        attempt.cancel();
      }
      return attempt;
    }
  }

  private void ended(@Nullable SyncReport done, @Nullable Throwable failure) {
    SyncReport whole = null;
    boolean held = false;
    synchronized (this) {
      Attempt ended = attempt;
      attempt = null;
      if (done != null) {
        whole = stopped ? withEarlier(done) : done;
      } else if (failure == null) {
        held = true;
      } else if (failure instanceof SyncException
          && ended != null
          && ended.isCancelled()
          && wanted() != Wanted.END) {
        stopped = true;
        earlier.addAll(ended.committed());
        held = true;
      }
      state = held ? State.HELD : State.OVER;
    }
    if (whole != null) {
      leave();
      report.complete(whole);
    } else if (!held && failure != null) {
      fail(failure);
    } else {
      look();
    }
  }

  private SyncReport withEarlier(SyncReport last) {
    List<DiskReport> disks = new ArrayList<>(earlier);
    disks.addAll(last.disks());
    // how consistent the point is was for the attempt to tell that was stopped
    Consistency certain =
        plan.consistency() == Consistency.QUIESCED
            ? ServerDisks.consistency(plan.disks().size())
            : plan.consistency();
    return new SyncReport(plan.subject(), last.run(), certain, last.snapshotTime(), disks);
  }

  @Override
  public String toString() {
    return "run of " + plan.subject();
  }
}
