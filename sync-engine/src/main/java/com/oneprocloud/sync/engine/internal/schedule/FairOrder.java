// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import java.util.HashMap;
import java.util.Map;

/**
 * When runs would begin and be done if all servers that have any got the same number of bytes a
 * second, each for one run after the other (worst-case fair weighted fair queueing, with equal
 * weights).
 *
 * <p>A clock counts the bytes that each server would have got: it goes on by what was moved,
 * divided by the servers that share it. Of the runs that would have begun, the one that would be
 * done first goes. If they go one by one, none is done later than in that ideal by more than the
 * largest run. The clock passes every moment, since each byte moves it on by at least one part in
 * as many as there are servers. Not thread-safe.
 */
final class FairOrder {
  /** When the last run of a server is done; of servers that have something left. */
  private final Map<String, Double> ends = new HashMap<>();

  private double clock;

  /**
   * A run's share.
   *
   * @param begins when it would begin
   * @param ends when it would be done
   */
  record Share(double begins, double ends) {}

  /** A server has another run of so many bytes. */
  Share add(String server, long bytes) {
    double begins = ends.getOrDefault(server, clock);
    double end = begins + bytes;
    if (end > clock) {
      ends.put(server, end);
    }
    return new Share(begins, end);
  }

  /** Whether a run would have begun. */
  boolean hasBegun(Share share) {
    return share.begins() <= clock;
  }

  /** Bytes were moved, whoever got them: in all, as many as runs were added with. */
  void moved(long bytes) {
    double left = bytes;
    while (left > 0 && !ends.isEmpty()) {
      double first = ends.values().stream().min(Double::compare).orElseThrow();
      double until = (first - clock) * ends.size();
      if (left < until) {
        clock += left / ends.size();
        return;
      }
      left -= until;
      clock = first;
      ends.values().removeIf(it -> it <= first);
    }
  }
}
