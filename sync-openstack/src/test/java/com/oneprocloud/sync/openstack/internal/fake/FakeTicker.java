// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.fake;

import com.oneprocloud.sync.openstack.internal.http.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** Time that passes only in sleep, at once, and where a test says so. */
public final class FakeTicker implements Ticker {
  private final AtomicLong now = new AtomicLong();
  private final CopyOnWriteArrayList<Duration> pauses = new CopyOnWriteArrayList<>();

  @Override
  public long nanos() {
    return now.get();
  }

  @Override
  public void sleep(Duration pause) {
    pauses.add(pause);
    advance(pause);
  }

  public void advance(Duration time) {
    now.addAndGet(time.toNanos());
  }

  public List<Duration> pauses() {
    return List.copyOf(pauses);
  }
}
