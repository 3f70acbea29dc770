// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.engine.Limits;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Disks that wait to be driven.
 *
 * <p>Servers take turns, and the disks of one server go in the order in which they came: one that
 * has many does not keep the others waiting. A server that may not go because of a limit keeps its
 * place. Disks with a deadline: servers whose first disk is overdue go before the others, and take
 * turns; after them those go whose deadline is nearest. Thread-safe.
 *
 * @param <T> what is driven
 */
public final class DiskQueue<T> {
  private final int active;
  private final Limits limits;
  private final InstantSource clock;

  /** Servers that have disks waiting, the one whose turn it is first. Guarded by this. */
  private final Map<String, Deque<Entry<T>>> waiting = new LinkedHashMap<>();

  /** How many disks of a server are active, those of none left out. Guarded by this. */
  private final Map<String, Integer> activeOfServer = new HashMap<>();

  /** How many disks of a pool are active, those of none left out. Guarded by this. */
  private final Map<String, Integer> activeOfPool = new HashMap<>();

  /** Guarded by this. */
  private int activeNow;

  /** Guarded by this. */
  private boolean closed;

  /**
   * An empty queue.
   *
   * @param active the most disks that are active at a time
   * @param limits limits beside that
   * @param clock what deadlines are held against
   */
  public DiskQueue(int active, Limits limits, InstantSource clock) {
    this.active = active;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * A disk that waits, or is active.
   *
   * @param lane what it has its limits in common with
   * @param deadline by when it should begin
   * @param what what is driven
   */
  public record Entry<T>(Lane lane, Instant deadline, T what) {}

  /**
   * Puts a disk at the end of its server's.
   *
   * @param deadline by when it should begin; {@link Instant#MAX} if there is no such time
   * @return whether it was taken; not after {@link #close}
   */
  public synchronized boolean add(Lane lane, Instant deadline, T what) {
    if (closed) {
      return false;
    }
    waiting
        .computeIfAbsent(lane.server(), server -> new ArrayDeque<>())
        .addLast(new Entry<>(lane, deadline, what));
    return true;
  }

  /** Makes the next disk active, if one may be now. It stays so until {@link #done}. */
  public synchronized Optional<Entry<T>> next() {
    if (closed || activeNow >= active) {
      return Optional.empty();
    }
    Deque<Entry<T>> best = null;
    Instant nearest = null;
    Instant now = clock.instant();
    for (Deque<Entry<T>> disks : waiting.values()) {
      Entry<T> first = disks.getFirst();
      if (!fits(first.lane())) {
        continue;
      }
      Instant due = first.deadline().isBefore(now) ? Instant.MIN : first.deadline();
      if (nearest == null || due.isBefore(nearest)) {
        best = disks;
        nearest = due;
      }
    }
    return best == null ? Optional.empty() : Optional.of(activate(best));
  }

  private boolean fits(Lane lane) {
    return activeOfServer.getOrDefault(lane.server(), 0) < limits.disksPerServer()
        && activeOfPool.getOrDefault(lane.pool(), 0) < limits.disksPerPool();
  }

  private Entry<T> activate(Deque<Entry<T>> disks) {
    Entry<T> entry = disks.removeFirst();
    String server = entry.lane().server();
    waiting.remove(server);
    if (!disks.isEmpty()) {
      // behind all others that wait
      waiting.put(server, disks);
    }
    activeNow++;
    activeOfServer.merge(server, 1, Integer::sum);
    activeOfPool.merge(entry.lane().pool(), 1, Integer::sum);
    return entry;
  }

  /** Says that an active disk is at rest. */
  public synchronized void done(Lane lane) {
    activeNow--;
    activeOfServer.computeIfPresent(lane.server(), DiskQueue::oneLess);
    activeOfPool.computeIfPresent(lane.pool(), DiskQueue::oneLess);
  }

  private static @Nullable Integer oneLess(String of, Integer count) {
    return count == 1 ? null : count - 1;
  }

  /** Takes out a disk that waits; whether it did. */
  public synchronized boolean remove(T what) {
    for (Iterator<Deque<Entry<T>>> servers = waiting.values().iterator(); servers.hasNext(); ) {
      Deque<Entry<T>> disks = servers.next();
      if (disks.removeIf(it -> it.what().equals(what))) {
        if (disks.isEmpty()) {
          servers.remove();
        }
        return true;
      }
    }
    return false;
  }

  /** Takes and gives no more; what waited. */
  public synchronized List<T> close() {
    closed = true;
    List<T> left = new ArrayList<>();
    waiting.values().forEach(disks -> disks.forEach(it -> left.add(it.what())));
    waiting.clear();
    return left;
  }

  /** Whether it was closed. */
  public synchronized boolean isClosed() {
    return closed;
  }
}
