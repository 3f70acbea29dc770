// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/** How time passes. */
interface Time {
  /** Nanoseconds since some moment. */
  long nanos();

  /** What the clock on the wall shows. */
  Instant now();

  /** Waits at most that long, in nanoseconds. */
  void await(Condition condition, long nanos) throws InterruptedException;

  /** The machine's. */
  Time SYSTEM =
      new Time() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public Instant now() {
          return Instant.now();
        }

        // the loop is the caller's
        @SuppressWarnings("WaitNotInLoop")
        @Override
        public void await(Condition condition, long nanos) throws InterruptedException {
          boolean unused = condition.await(nanos, TimeUnit.NANOSECONDS);
        }
      };
}
