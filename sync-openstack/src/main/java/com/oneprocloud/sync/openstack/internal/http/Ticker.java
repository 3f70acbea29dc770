// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.http;

import java.time.Duration;

/** The passing of time, so that tests need not wait for it. */
public interface Ticker {
  /** Nanoseconds since some moment; only differences mean anything. */
  long nanos();

  /** Waits. */
  void sleep(Duration pause) throws InterruptedException;

  /** The machine's own time. */
  static Ticker system() {
    return new Ticker() {
      @Override
      public long nanos() {
        return System.nanoTime();
      }

      @Override
      public void sleep(Duration pause) throws InterruptedException {
        Thread.sleep(pause.toMillis(), pause.toNanosPart() % 1_000_000);
      }
    };
  }
}
