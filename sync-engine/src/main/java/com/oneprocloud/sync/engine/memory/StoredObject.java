// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One object of an image with its snapset, as an OSD keeps it: the head and, for each group of
 * snapshots between two writes, a clone that knows which bytes the next version still shares with
 * it. Not thread-safe.
 */
final class StoredObject {
  /** Stands for the state after the newest snapshot. */
  static final long HEAD = Long.MAX_VALUE;

  private final List<Clone> clones = new ArrayList<>();
  private final Set<KnownBug> bugs;
  private @Nullable Content head;

  /** The newest snapshot that the last writer knew of: the head is the state after it. */
  private long seq;

  /** A version that snapshots refer to. */
  private static final class Clone {
    final NavigableSet<Long> snapshots;
    final Content content;

    /** The bytes that were not written to between this version and the next. */
    final Ranges overlap;

    Clone(NavigableSet<Long> snapshots, Content content) {
      this.snapshots = snapshots;
      this.content = content;
      this.overlap = Ranges.of(0, content.size());
    }
  }

  /**
   * What happened to an object between two moments.
   *
   * @param ranges the bytes that may differ
   * @param exists whether the object exists at the end
   * @param size its size at the end
   */
  record Change(Ranges ranges, boolean exists, long size) {}

  StoredObject(Set<KnownBug> bugs) {
    this.bugs = bugs;
  }

  boolean exists() {
    return head != null;
  }

  /** Whether nothing is left of it, neither head nor clone. */
  boolean gone() {
    return head == null && clones.isEmpty();
  }

  /** The version that a snapshot refers to; null if the object did not exist then. */
  @Nullable Content at(long snapshot) {
    if (snapshot > seq) {
      return head;
    }
    for (Clone clone : clones) {
      if (clone.snapshots.contains(snapshot)) {
        return clone.content;
      }
    }
    return null;
  }

  void write(SnapContext context, long offset, ByteBuffer from, long length) {
    Content content = writableHead(context);
    content.write(offset, from, length);
    modified(offset, offset + length);
  }

  /** Makes a range zeros. Does nothing if the object does not exist. */
  void zero(SnapContext context, long offset, long length) {
    if (head == null) {
      return;
    }
    if (offset + length >= head.size()) {
      truncate(context, offset);
      return;
    }
    writableHead(context).zero(offset, length);
    modified(offset, offset + length);
  }

  /** Cuts or grows the object. Does nothing if it does not exist. */
  void truncate(SnapContext context, long size) {
    if (head == null) {
      return;
    }
    Content content = writableHead(context);
    if (!bugs.contains(KnownBug.CUT_NOT_RECORDED)) {
      modified(size, content.size());
    }
    content.truncate(size);
  }

  /** Leaves an object of no bytes, which hides what a parent holds in its place. */
  void whiteOut(SnapContext context) {
    writableHead(context);
    truncate(context, 0);
  }

  void delete(SnapContext context) {
    if (head != null) {
      Content content = writableHead(context);
      modified(0, content.size());
      head = null;
    }
  }

  /** Makes the head what it was at a snapshot. */
  void rollBack(SnapContext context, long snapshot) {
    Content then = at(snapshot);
    if (then == null) {
      delete(context);
      return;
    }
    Content now = head;
    if (now == then) {
      // A write that changes nothing, as on an OSD: the head moves on, its clone shares every byte.
      writableHead(context);
      return;
    }
    Ranges modified = Ranges.of(0, now == null ? 0 : now.size());
    Ranges shared = modified.copy();
    for (Clone clone : clones) {
      if (clone.snapshots.last() >= snapshot) {
        shared.retainAll(clone.overlap);
      }
    }
    modified.subtractAll(shared);
    writableHead(context);
    head = then.fork();
    modified.forEach(this::modified);
  }

  /** Forgets a snapshot, and the version that only it referred to. */
  void trim(long snapshot) {
    for (int i = 0; i < clones.size(); i++) {
      Clone clone = clones.get(i);
      if (clone.snapshots.remove(snapshot)) {
        if (clone.snapshots.isEmpty()) {
          clones.remove(i);
          if (i > 0) {
            clones.get(i - 1).overlap.retainAll(clone.overlap);
          }
        }
        return;
      }
    }
  }

  /**
   * What may differ between two snapshots, from the snapset alone.
   *
   * @param base the older; 0 for the time before the object existed
   * @param end the newer, or {@link #HEAD}
   */
  Change diff(long base, long end) {
    if (base == 0) {
      // What was there once and is gone does not matter against nothing.
      Content then = at(end);
      long size = then == null ? 0 : then.size();
      return new Change(Ranges.of(0, size), then != null, size);
    }
    Ranges ranges = new Ranges();
    boolean begun = false;
    int versions = clones.size() + (head == null ? 0 : 1);
    for (int i = 0; i < versions; i++) {
      long first = first(i);
      long last = last(i);
      if (last < base) {
        continue;
      }
      if (end < first) {
        break;
      }
      long size = content(i).size();
      if (!begun && base < first) {
        ranges.add(0, size);
      }
      begun = true;
      if (end <= last) {
        return new Change(ranges, true, size);
      }
      long next = i + 1 < versions ? content(i + 1).size() : 0;
      Ranges step = Ranges.of(0, Math.max(size, next));
      step.subtractAll(clones.get(i).overlap);
      ranges.addAll(step);
    }
    return new Change(ranges, false, 0);
  }

  private long first(int version) {
    return version < clones.size() ? clones.get(version).snapshots.first() : seq + 1;
  }

  private long last(int version) {
    return version < clones.size() ? clones.get(version).snapshots.last() : HEAD;
  }

  private Content content(int version) {
    if (version < clones.size()) {
      return clones.get(version).content;
    }
    Content now = head;
    if (now == null) {
      throw new IllegalStateException("the object has no head");
    }
    return now;
  }

  /** The head, made if need be, after a clone of it was set aside for snapshots taken since. */
  private Content writableHead(SnapContext context) {
    Content now = head;
    if (context.seq() > seq) {
      NavigableSet<Long> since = new TreeSet<>(context.snapshots().tailSet(seq, false));
      if (now != null && !since.isEmpty()) {
        clones.add(new Clone(since, now));
        now = now.fork();
      }
      seq = context.seq();
    }
    if (now == null) {
      now = new Content();
    }
    head = now;
    return now;
  }

  /** Bytes of the head that the newest clone no longer shares. */
  private void modified(long from, long to) {
    if (!clones.isEmpty() && !bugs.contains(KnownBug.OVERLAP_LOST)) {
      clones.get(clones.size() - 1).overlap.subtract(from, to);
    }
  }
}
