// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How late servers were against equal shares.
 *
 * <p>The ideal: all servers that have anything left get the same number of bytes a second, together
 * as many as the fleet really got from its first request to its last. A server's <em>lateness</em>
 * is when it was done, counted from when all were asked for, divided by when it would have been
 * done in that ideal. Below 1 it was earlier. The fleet's figure is that of its worst server. It
 * says nothing of how fast the fleet was as a whole.
 */
final class Fairness {
  private Fairness() {}

  /**
   * A server.
   *
   * @param bytes what it had to move, more than 0
   * @param seconds when it was done
   */
  record Done(long bytes, double seconds) {}

  /** When each server would have been done in the ideal, in the order that was given. */
  static double[] ideal(List<Done> servers) {
    double total = servers.stream().mapToDouble(Done::bytes).sum();
    double end = servers.stream().mapToDouble(Done::seconds).max().orElse(0);
    double rate = total / end;
    Integer[] bySize = new Integer[servers.size()];
    Arrays.setAll(bySize, i -> i);
    Arrays.sort(bySize, Comparator.comparingLong(i -> servers.get(i).bytes()));
    double[] ideal = new double[servers.size()];
    double time = 0;
    long each = 0;
    for (int i = 0; i < bySize.length; i++) {
      long bytes = servers.get(bySize[i]).bytes();
      time += (double) (bytes - each) * (bySize.length - i) / rate;
      each = bytes;
      ideal[bySize[i]] = time;
    }
    return ideal;
  }

  /** The lateness of each server, ascending. */
  static double[] lateness(List<Done> servers) {
    double[] ideal = ideal(servers);
    double[] late = new double[ideal.length];
    Arrays.setAll(late, i -> servers.get(i).seconds() / ideal[i]);
    Arrays.sort(late);
    return late;
  }
}
