// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import java.util.Map;
import java.util.TreeMap;

/** A set of bytes as sorted, disjoint, merged ranges. Not thread-safe. */
final class Ranges {
  private final TreeMap<Long, Long> ends = new TreeMap<>();

  /** The bytes [from, to). */
  static Ranges of(long from, long to) {
    Ranges ranges = new Ranges();
    ranges.add(from, to);
    return ranges;
  }

  Ranges copy() {
    Ranges copy = new Ranges();
    copy.ends.putAll(ends);
    return copy;
  }

  void add(long from, long to) {
    if (from >= to) {
      return;
    }
    long start = from;
    long end = to;
    Map.Entry<Long, Long> before = ends.floorEntry(start);
    if (before != null && before.getValue() >= start) {
      start = before.getKey();
      end = Math.max(end, before.getValue());
    }
    Map.Entry<Long, Long> next = ends.ceilingEntry(start);
    while (next != null && next.getKey() <= end) {
      end = Math.max(end, next.getValue());
      ends.remove(next.getKey());
      next = ends.ceilingEntry(start);
    }
    ends.put(start, end);
  }

  void addAll(Ranges others) {
    others.forEach(this::add);
  }

  void subtract(long from, long to) {
    if (from >= to) {
      return;
    }
    Map.Entry<Long, Long> before = ends.lowerEntry(from);
    if (before != null && before.getValue() > from) {
      ends.put(before.getKey(), from);
      if (before.getValue() > to) {
        ends.put(to, before.getValue());
        return;
      }
    }
    Map.Entry<Long, Long> inside = ends.ceilingEntry(from);
    while (inside != null && inside.getKey() < to) {
      ends.remove(inside.getKey());
      if (inside.getValue() > to) {
        ends.put(to, inside.getValue());
      }
      inside = ends.ceilingEntry(from);
    }
  }

  void subtractAll(Ranges others) {
    others.forEach(this::subtract);
  }

  /** Keeps only what the other set holds too. */
  void retainAll(Ranges others) {
    Ranges gone = copy();
    gone.subtractAll(others);
    subtractAll(gone);
  }

  void forEach(Visitor visitor) {
    ends.forEach(visitor::visit);
  }

  /** Takes one range. */
  @FunctionalInterface
  interface Visitor {
    void visit(long from, long to);
  }
}
