// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.inventory;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.SyncException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs independent calls at a time, but not more than so many. Thread-safe. */
public final class Parallel implements AutoCloseable {
  private final ThreadPoolExecutor threads;

  /**
   * Threads for calls; they end when they have nothing to do for a while.
   *
   * @param name what they are called
   * @param most how many at a time
   */
  public Parallel(String name, int most) {
    AtomicInteger number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            most,
            most,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Results in the order of the input; the first failure ends what has not begun and is thrown. */
  public <A, B> List<B> map(List<A> input, Function<A, B> call) {
    List<B> results = new ArrayList<>();
    RuntimeException first = null;
    for (Outcome<B> outcome : run(input, call, true)) {
      RuntimeException failure = outcome.failure();
      if (failure == null) {
        results.add(outcome.value());
      } else if (first == null || first instanceof CancellationException) {
        first = failure;
      }
    }
    if (first != null) {
      throw first;
    }
    return results;
  }

  /** What came of each, in the order of the input. */
  public <A, B> List<Outcome<B>> outcomes(List<A> input, Function<A, B> call) {
    return run(input, call, false);
  }

  private <A, B> List<Outcome<B>> run(List<A> input, Function<A, B> call, boolean endAtFailure) {
    if (input.size() == 1) {
      return List.of(here(input.get(0), call));
    }
    List<Future<Outcome<B>>> futures = new ArrayList<>();
    for (A each : input) {
      futures.add(threads.submit(() -> here(each, call)));
    }
    List<Outcome<B>> outcomes = new ArrayList<>();
    for (Future<Outcome<B>> future : futures) {
      Outcome<B> outcome = await(future);
      outcomes.add(outcome);
      if (endAtFailure && outcome.failure() != null) {
        futures.forEach(it -> it.cancel(false));
      }
    }
    return outcomes;
  }

  private static <A, B> Outcome<B> here(A input, Function<A, B> call) {
    try {
      return new Outcome<>(call.apply(input), null);
    } catch (RuntimeException e) {
      return new Outcome<>(null, e);
    }
  }

  private static <B> Outcome<B> await(Future<Outcome<B>> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      future.cancel(true);
      return new Outcome<>(
          null, new SyncException(failed("call", "cloud").because("the thread was interrupted")));
    } catch (CancellationException e) {
      return new Outcome<>(null, e);
    } catch (ExecutionException e) {
      return new Outcome<>(null, new IllegalStateException(e.getCause()));
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }

  /**
   * What came of a call: a value or a failure.
   *
   * @param <B> the value's type
   */
  public static final class Outcome<B> {
    private final @Nullable B value;
    private final @Nullable RuntimeException failure;

    private Outcome(@Nullable B value, @Nullable RuntimeException failure) {
      this.value = value;
      this.failure = failure;
    }

    /** The failure, if it failed. */
    public @Nullable RuntimeException failure() {
      return failure;
    }

    /** The value, if it did not. */
    public B value() {
      if (value == null) {
        throw new IllegalStateException("the call failed", failure);
      }
      return value;
    }
  }
}
