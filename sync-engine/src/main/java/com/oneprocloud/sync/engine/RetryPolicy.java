// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import java.io.Serializable;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How often something is tried, and how far apart: three times, 60 s apart, by default. Only what
 * may pass by itself is tried again: {@link StorageException}, {@link DeadlineException} and {@link
 * ConflictException}. What is tried should plan and run, so that each attempt takes the run up
 * where the one before stopped:
 *
 * <pre>{@code
 * SyncReport report =
 *     RetryPolicy.defaults().call(() -> engine.run(engine.plan(server, target), listener));
 * }</pre>
 *
 * <p>A dead proxy's lease is a {@link ConflictException} until it expires, so attempts times pause
 * should be longer than {@link EngineSettings#leaseTime}.
 *
 * <p>Immutable.
 *
 * @param attempts how often at the most, the first time included; 1 or more
 * @param pause time between the end of one attempt and the next; not negative
 */
public record RetryPolicy(int attempts, Duration pause) implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(RetryPolicy.class);

  /** Checks the numbers. */
  public RetryPolicy {
    Objects.requireNonNull(pause, "pause");
    if (attempts < 1 || pause.isNegative()) {
      throw new IllegalArgumentException(attempts + " attempts, " + pause + " apart");
    }
  }

  /** Lets time pass between attempts. */
  @FunctionalInterface
  public interface Sleeper {
    /** Returns when the time has passed, or throws at once when the thread is interrupted. */
    void sleep(Duration time) throws InterruptedException;
  }

  /** Three attempts, 60 s apart. */
  public static RetryPolicy defaults() {
    return new RetryPolicy(3, Duration.ofSeconds(60));
  }

  /** One attempt. */
  public static RetryPolicy never() {
    return new RetryPolicy(1, Duration.ZERO);
  }

  /**
   * Tries something until it succeeds.
   *
   * @return what the attempt that succeeded returned
   * @throws RuntimeException what the last attempt threw, with the failures of those before it
   *     suppressed in it; at once if it is nothing that may pass, or if the thread was interrupted,
   *     which stays so
   */
  public <T> T call(Supplier<T> attempt) {
    return call(attempt, time -> Thread.sleep(time.toMillis()));
  }

  /** The same, with another way of waiting. */
  public <T> T call(Supplier<T> attempt, Sleeper sleeper) {
    SyncException before = null;
    for (int number = 1; ; number++) {
      try {
        return attempt.get();
      } catch (SyncException e) {
        if (before != null && before != e) {
          e.addSuppressed(before);
        }
        if (number == attempts || !mayPass(e) || Thread.currentThread().isInterrupted()) {
          throw e;
        }
        LOG.warn("attempt {} of {} failed, the next is in {}", number, attempts, pause, e);
        before = e;
      } catch (RuntimeException e) {
        if (before != null) {
          e.addSuppressed(before);
        }
        throw e;
      }
      try {
        sleeper.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw before;
      }
    }
  }

  /** Whether a failure may be gone the next time. */
  public static boolean mayPass(SyncException failure) {
    return failure instanceof StorageException
        || failure instanceof DeadlineException
        || failure instanceof ConflictException;
  }
}
