// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries the operations of one connection out the way a cluster at the other end of a network
 * would: through faults, not while the cluster is stopped, each within a deadline, reads on threads
 * of its own. Thread-safe.
 */
final class Service implements AutoCloseable {
  private final Duration deadline;
  private final ScheduledThreadPoolExecutor threads;
  private final Map<Call.Kind, AtomicLong> counts = new EnumMap<>(Call.Kind.class);
  private volatile Faults faults;

  /** Complete while the cluster answers. */
  private volatile CompletableFuture<Void> answering = CompletableFuture.completedFuture(null);

  Service(Duration deadline, int threadCount, Faults faults) {
    this.deadline = deadline;
    this.faults = faults;
    for (Call.Kind kind : Call.Kind.values()) {
      counts.put(kind, new AtomicLong());
    }
    AtomicInteger made = new AtomicInteger();
    this.threads =
        new ScheduledThreadPoolExecutor(
            threadCount,
            task -> {
              Thread thread = new Thread(task, "memory-cluster-" + made.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.setRemoveOnCancelPolicy(true);
  }

  Duration deadline() {
    return deadline;
  }

  Faults faults() {
    return faults;
  }

  void faults(Faults newFaults) {
    faults = newFaults;
  }

  synchronized void stop() {
    if (answering.isDone()) {
      answering = new CompletableFuture<>();
    }
  }

  synchronized void resume() {
    answering.complete(null);
  }

  Call call(Call.Kind kind, Object subject, long offset, long length) {
    AtomicLong count = counts.get(kind);
    if (count == null) {
      throw new IllegalStateException("no counter for " + kind);
    }
    return new Call(kind, count.incrementAndGet(), subject.toString(), offset, length);
  }

  /** Carries an operation out on the thread of its caller. */
  <T> T perform(Call call, Supplier<T> body) {
    Effect effect = faults.on(call);
    CompletableFuture<?> ready = ready(effect);
    try {
      ready.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw late(call);
    } catch (ExecutionException e) {
      throw failedToStart(call, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failedToStart(call, e);
    }
    effect.throwBefore();
    T result = body.get();
    effect.throwAfterwards();
    return result;
  }

  /**
   * Carries an operation out on a thread of the service.
   *
   * @param body the operation
   * @param ended runs after the operation has ended or was given up, before the future completes
   */
  CompletableFuture<Void> start(Call call, Consumer<Effect> body, Runnable ended) {
    Effect effect;
    try {
      effect = faults.on(call);
    } catch (RuntimeException | Error e) {
      ended.run();
      return CompletableFuture.failedFuture(e);
    }
    CompletableFuture<Void> result = new CompletableFuture<>();
    CompletableFuture<?> ready = ready(effect);
    if (ready.isDone() && !ready.isCompletedExceptionally()) {
      threads.execute(() -> run(effect, body, ended, result));
      return result;
    }
    AtomicBoolean decided = new AtomicBoolean();
    Future<?> timer =
        threads.schedule(
            () -> {
              if (decided.compareAndSet(false, true)) {
                ended.run();
                result.completeExceptionally(late(call));
              }
            },
            deadline.toNanos(),
            TimeUnit.NANOSECONDS);
    CompletableFuture<?> unused =
        ready.whenComplete(
            (done, error) -> {
              if (decided.compareAndSet(false, true)) {
                timer.cancel(false);
                threads.execute(
                    () -> {
                      if (error == null) {
                        run(effect, body, ended, result);
                      } else {
                        ended.run();
                        result.completeExceptionally(failedToStart(call, error));
                      }
                    });
              }
            });
    return result;
  }

  private static void run(
      Effect effect, Consumer<Effect> body, Runnable ended, CompletableFuture<Void> result) {
    Throwable failure = null;
    try {
      effect.throwBefore();
      body.accept(effect);
      effect.throwAfterwards();
    } catch (RuntimeException | Error e) {
      failure = e;
    }
    ended.run();
    if (failure == null) {
      result.complete(null);
    } else {
      result.completeExceptionally(failure);
    }
  }

  private CompletableFuture<?> ready(Effect effect) {
    CompletableFuture<Void> gate = answering;
    CompletableFuture<?> start = Effect.done(effect.start());
    return gate.isDone() ? start : CompletableFuture.allOf(gate, start);
  }

  private DeadlineException late(Call call) {
    return new DeadlineException(
        SyncException.failed(call.kind().phrase(), call.subject())
            .code("ETIMEDOUT")
            .because("the cluster did not answer within %d ms", deadline.toMillis()));
  }

  private static StorageException failedToStart(Call call, @Nullable Throwable cause) {
    return new StorageException(
        SyncException.failed(call.kind().phrase(), call.subject())
            .because("the operation did not start")
            .cause(cause));
  }

  @Override
  public void close() {
    threads.shutdown();
    boolean interrupted = false;
    while (true) {
      try {
        if (threads.awaitTermination(1, TimeUnit.MINUTES)) {
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
}
