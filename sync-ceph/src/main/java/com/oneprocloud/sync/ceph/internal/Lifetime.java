// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * From when to when a native handle can be used. Open until it is closed; released once, when it is
 * closed and its last user has left. Users are calls under way, reads in flight and the handles
 * opened from it. Thread-safe.
 */
final class Lifetime {
  private static final Logger LOG = LoggerFactory.getLogger(Lifetime.class);

  private final String what;
  private final @Nullable Lifetime parent;
  private final Executor executor;
  private final Runnable release;
  private final Set<Lifetime> children = new HashSet<>();
  private final CompletableFuture<Void> released = new CompletableFuture<>();
  private int users;
  private boolean closed;

  /**
   * An open handle.
   *
   * @param what it is, for messages
   * @param parent what it was opened from and keeps from being released; null for a connection
   * @param executor runs {@code release}, which can block
   * @param release lets go of the native handle
   * @throws IllegalStateException if the parent is closed
   */
  Lifetime(String what, @Nullable Lifetime parent, Executor executor, Runnable release) {
    this.what = what;
    this.parent = parent;
    this.executor = executor;
    this.release = release;
    if (parent != null) {
      parent.enter(this);
    }
  }

  /**
   * Comes in as a user. Whoever does {@link #leave leaves} later, on any thread.
   *
   * @throws IllegalStateException if the handle is closed
   */
  synchronized void enter() {
    if (closed) {
      throw new IllegalStateException(what + " is closed");
    }
    users++;
  }

  /**
   * Comes in once more, for a user who is in: a closed handle is not released before its last user
   * has left.
   */
  synchronized void enterAgain() {
    users++;
  }

  /** Leaves as a user. */
  void leave() {
    boolean last;
    synchronized (this) {
      users--;
      last = closed && users == 0;
    }
    if (last) {
      release();
    }
  }

  /**
   * Closes this handle and everything opened from it, children before parents, and waits until they
   * are released. Does nothing if it is closed already.
   *
   * @param patience how long to wait; after that they are released behind, once their users have
   *     left
   */
  void close(Duration patience) {
    if (shut()) {
      awaitRelease(patience);
    }
  }

  private synchronized void enter(Lifetime child) {
    enter();
    children.add(child);
  }

  private void leave(Lifetime child) {
    synchronized (this) {
      children.remove(child);
    }
    leave();
  }

  /** Lets nobody in any more; the last user releases. */
  private boolean shut() {
    List<Lifetime> open;
    boolean last;
    synchronized (this) {
      if (closed) {
        return false;
      }
      closed = true;
      open = List.copyOf(children);
      last = users == 0;
    }
    open.forEach(Lifetime::shut);
    if (last) {
      release();
    }
    return true;
  }

  private void release() {
    executor.execute(
        () -> {
          try {
            release.run();
          } catch (RuntimeException | Error e) {
            LOG.warn("{}: release failed", what, e);
          } finally {
            released.complete(null);
            if (parent != null) {
              parent.leave(this);
            }
          }
        });
  }

  private void awaitRelease(Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          released.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (TimeoutException e) {
          LOG.warn(
              "{}: still in use by the Ceph library after {} ms; it is released when the library comes back",
              what,
              patience.toMillis());
          return;
        } catch (ExecutionException e) {
          throw new IllegalStateException(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
