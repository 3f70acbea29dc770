// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Limits;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs that wait to be admitted: until then they hold nothing.
 *
 * <p>Those that are overdue go first, then those whose deadline is nearest; among equals, and where
 * there are no deadlines, the order is that in which they would be done if all servers shared
 * equally ({@link FairOrder}). A run that would only wait for its pool or its server when admitted
 * does not take the place of one that could go. Thread-safe.
 *
 * @param <T> what is run
 */
public final class RunQueue<T> {
  /**
   * What a disk costs beside its data, in bytes that could be moved meanwhile: snapshots and
   * durable records. About 100 ms on a small cluster. Without it, runs with nothing to move would
   * be free, and a stream of them would keep the others waiting.
   */
  static final long DISK = 8 << 20;

  private final int places;
  private final int activeDisks;
  private final Limits limits;
  private final InstantSource clock;

  /** In the order in which they came. Guarded by this. */
  private final Map<T, Run> waiting = new LinkedHashMap<>();

  /** Guarded by this. */
  private final Map<T, Run> admitted = new HashMap<>();

  /** Guarded by this. */
  private final FairOrder order = new FairOrder();

  /** Guarded by this. */
  private boolean closed;

  /**
   * An empty queue.
   *
   * @param places the most runs that are admitted at a time
   * @param activeDisks the most disks that are active at a time
   * @param limits limits beside that
   * @param clock what deadlines are held against
   */
  public RunQueue(int places, int activeDisks, Limits limits, InstantSource clock) {
    this.places = places;
    this.activeDisks = activeDisks;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * A disk of a run.
   *
   * @param lane what it has its limits in common with
   * @param deadline by when it should begin; {@link Instant#MAX} if there is no such time
   * @param bytes about how many it has to move
   */
  public record Disk(Lane lane, Instant deadline, long bytes) {}

  /** A run that waits or was admitted. */
  private static final class Run {
    private final FairOrder.Share share;
    private final Instant deadline;

    /** Its disks that are not at rest. */
    private final List<Disk> left;

    Run(FairOrder.Share share, List<Disk> disks) {
      this.share = share;
      this.deadline =
          disks.stream().map(Disk::deadline).min(Comparator.naturalOrder()).orElse(Instant.MAX);
      this.left = new ArrayList<>(disks);
    }

    Instant due(Instant now) {
      return deadline.isBefore(now) ? Instant.MIN : deadline;
    }
  }

  /**
   * Puts a run into the queue.
   *
   * @param disks its disks, all of one server
   * @return whether it was taken; not after {@link #close}
   */
  public synchronized boolean add(T what, List<Disk> disks) {
    if (closed) {
      return false;
    }
    String server = disks.isEmpty() ? "" : disks.get(0).lane().server();
    waiting.put(what, new Run(order.add(server, costs(disks)), disks));
    return true;
  }

  private static long costs(List<Disk> disks) {
    return disks.stream().mapToLong(it -> DISK + it.bytes()).sum();
  }

  /** Admits the next run, if one may be now. It keeps its place until {@link #done}. */
  public synchronized Optional<T> next() {
    if (admitted.size() >= places) {
      return Optional.empty();
    }
    Instant now = clock.instant();
    Map<String, Integer> ofServer = admitted(Lane::server);
    Map<String, Integer> ofPool = admitted(Lane::pool);
    Comparator<Map.Entry<T, Run>> first =
        Comparator.<Map.Entry<T, Run>, Instant>comparing(it -> it.getValue().due(now))
            .thenComparing(it -> !order.hasBegun(it.getValue().share))
            .thenComparingDouble(it -> it.getValue().share.ends());
    Optional<T> next =
        waiting.entrySet().stream()
            .filter(it -> couldGo(it.getValue(), ofServer, ofPool))
            .min(first)
            .map(Map.Entry::getKey);
    next.ifPresent(it -> admitted.put(it, waiting.remove(it)));
    return next;
  }

  /** How many admitted runs have disks left there. */
  private Map<String, Integer> admitted(Function<Lane, String> there) {
    Map<String, Integer> runs = new HashMap<>();
    for (Run run : admitted.values()) {
      run.left.stream()
          .map(it -> there.apply(it.lane()))
          .distinct()
          .forEach(it -> runs.merge(it, 1, Integer::sum));
    }
    return runs;
  }

  private boolean couldGo(Run run, Map<String, Integer> ofServer, Map<String, Integer> ofPool) {
    return run.left.isEmpty()
        || run.left.stream()
            .map(Disk::lane)
            .anyMatch(
                it ->
                    ofServer.getOrDefault(it.server(), 0) < share(limits.disksPerServer())
                        && ofPool.getOrDefault(it.pool(), 0) < share(limits.disksPerPool()));
  }

  /** The part of the places for runs whose disks are limited; enough for all that can go. */
  private int share(int limit) {
    return limit >= activeDisks
        ? Integer.MAX_VALUE
        : (int) Math.max(limit, (long) limit * places / activeDisks);
  }

  /** Says that a disk of an admitted run is at rest. */
  public synchronized void diskDone(T what, Lane lane) {
    List<Disk> left = Objects.requireNonNull(admitted.get(what), "not admitted").left;
    for (Disk disk : left) {
      if (disk.lane().equals(lane)) {
        left.remove(disk);
        order.moved(costs(List.of(disk)));
        return;
      }
    }
  }

  /** Says that an admitted run is at rest. */
  public synchronized void done(T what) {
    order.moved(costs(Objects.requireNonNull(admitted.remove(what), "not admitted").left));
  }

  /** Takes out a run that waits; whether it did. */
  public synchronized boolean remove(T what) {
    Run run = waiting.remove(what);
    if (run == null) {
      return false;
    }
    // as if it had been run: the ideal knows of no run that leaves
    order.moved(costs(run.left));
    return true;
  }

  /** How many runs wait. */
  public synchronized int waiting() {
    return waiting.size();
  }

  /** How many runs are admitted. */
  public synchronized int admitted() {
    return admitted.size();
  }

  /** Takes and gives no more; what waited. */
  public synchronized List<T> close() {
    closed = true;
    List<T> left = List.copyOf(waiting.keySet());
    waiting.clear();
    return left;
  }

  /** Whether it was closed. */
  public synchronized boolean isClosed() {
    return closed;
  }
}
