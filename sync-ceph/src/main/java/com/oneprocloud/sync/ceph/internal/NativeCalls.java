// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static com.oneprocloud.sync.api.SyncException.failed;

import com.oneprocloud.sync.api.DeadlineException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs calls that block inside the Ceph libraries on daemon threads and stops waiting for them at a
 * deadline. A call that was given up goes on inside the library; what it works on stays in use
 * until it comes back. Thread-safe.
 */
final class NativeCalls {
  private static final Logger LOG = LoggerFactory.getLogger(NativeCalls.class);

  /** Calls inside the libraries at one time, given up ones included. */
  private static final int MOST = 64;

  /** What the libraries need where they run much of their work on the calling thread. */
  private static final long STACK = 4L << 20;

  private final ThreadPoolExecutor threads;
  private final Semaphore free = new Semaphore(MOST, true);
  private final AtomicInteger lost = new AtomicInteger();

  /**
   * Threads for one connection.
   *
   * @param name how the threads are named
   */
  NativeCalls(String name) {
    AtomicInteger number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            task -> {
              Thread thread =
                  new Thread(null, task, name + "-call-" + number.incrementAndGet(), STACK);
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Runs a call and waits for it.
   *
   * @param operation what is done, as a verb phrase
   * @param subject the object it is done to
   * @param deadline how long to wait
   * @param used what the call works on
   * @param body the call
   * @param discard takes the result if it comes after the deadline
   * @return the result
   * @throws DeadlineException if there is none before the deadline
   * @throws IllegalStateException if {@code used} is closed
   */
  <T> T call(
      String operation,
      Object subject,
      Duration deadline,
      Lifetime used,
      Supplier<T> body,
      Consumer<T> discard) {
    used.enter();
    return call(operation, subject, deadline, used::leave, body, discard);
  }

  /**
   * Like the other, for a call that works on nothing that exists already; {@code after} runs when
   * it came back.
   */
  <T> T call(
      String operation,
      Object subject,
      Duration deadline,
      Runnable after,
      Supplier<T> body,
      Consumer<T> discard) {
    long end = System.nanoTime() + deadline.toNanos();
    Wait wait = new Wait();
    try {
      if (!wait.until(end, free::tryAcquire)) {
        after.run();
        throw new DeadlineException(
            failed(operation, subject)
                .because(
                    "all %d calls into the Ceph library are waiting, %d of them past their deadline",
                    MOST, lost.get())
                .advice("Check the cluster's health; the calls come back when it answers."));
      }
      CompletableFuture<T> result = new CompletableFuture<>();
      threads.execute(() -> run(operation, subject, body, result, discard, after));
      if (!wait.until(end, (time, unit) -> isDone(result, time, unit))) {
        lost.incrementAndGet();
        DeadlineException late =
            new DeadlineException(
                failed(operation, subject)
                    .because(
                        "no answer after %d ms; the call is still inside the Ceph library",
                        deadline.toMillis())
                    .advice(
                        "Check that every monitor and every OSD can be reached from this machine, and the cluster's health."));
        if (result.completeExceptionally(late)) {
          throw late;
        }
        lost.decrementAndGet();
      }
      return result.get();
    } catch (ExecutionException e) {
      throw withCaller(Objects.requireNonNull(e.getCause()));
    } catch (InterruptedException e) {
      throw new IllegalStateException("a finished call cannot be waited for", e);
    } finally {
      wait.restoreInterrupt();
    }
  }

  /**
   * Runs what lets go of handles; not limited in number, so that it never waits for a call that is
   * stuck.
   */
  Executor releases() {
    return threads;
  }

  /** How many calls were given up and have not come back. */
  int lost() {
    return lost.get();
  }

  /** Lets the threads end as soon as they are idle. */
  void end() {
    threads.shutdown();
  }

  private <T> void run(
      String operation,
      Object subject,
      Supplier<T> body,
      CompletableFuture<T> result,
      Consumer<T> discard,
      Runnable after) {
    try {
      T value = body.get();
      if (!result.complete(value)) {
        lost.decrementAndGet();
        LOG.info("{} for {}: came back after its deadline", operation, subject);
        discard.accept(value);
      }
    } catch (RuntimeException | Error e) {
      if (!result.completeExceptionally(e)) {
        lost.decrementAndGet();
        LOG.info("{} for {}: came back after its deadline: {}", operation, subject, e.toString());
      }
    } finally {
      free.release();
      after.run();
    }
  }

  private static boolean isDone(CompletableFuture<?> result, long time, TimeUnit unit)
      throws InterruptedException {
    try {
      result.get(time, unit);
      return true;
    } catch (ExecutionException e) {
      return true;
    } catch (TimeoutException e) {
      return false;
    }
  }

  /** The exception of another thread, its stack trace continued with that of the caller. */
  private static RuntimeException withCaller(Throwable failure) {
    StackTraceElement[] there = failure.getStackTrace();
    StackTraceElement[] here = new Throwable().getStackTrace();
    StackTraceElement[] both = Arrays.copyOf(there, there.length + here.length);
    System.arraycopy(here, 0, both, there.length, here.length);
    failure.setStackTrace(both);
    if (failure instanceof Error error) {
      throw error;
    }
    return (RuntimeException) failure;
  }

  /**
   * Waiting that an interrupt does not end: a call inside the library cannot be interrupted, and
   * its deadline is near.
   */
  private static final class Wait {
    private boolean interrupted;

    boolean until(long end, Waitable what) {
      while (true) {
        try {
          return what.await(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }

    void restoreInterrupt() {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @FunctionalInterface
  private interface Waitable {
    boolean await(long time, TimeUnit unit) throws InterruptedException;
  }
}
