// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.ceph.internal.library.Callbacks;
import com.oneprocloud.sync.ceph.internal.library.CephLibraries;
import com.oneprocloud.sync.ceph.internal.library.Errno;
import com.oneprocloud.sync.ceph.internal.library.NativeBalance;
import com.oneprocloud.sync.ceph.internal.library.Scratch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Operations that a library completes on a thread of its own. That thread only puts the result into
 * a queue; a thread of this object takes it out and hands it to the operation. The same thread
 * keeps the callbacks reachable for as long as the libraries can call them. Thread-safe.
 */
final class Completions {
  private static final Logger LOG = LoggerFactory.getLogger(Completions.class);

  private final CephLibraries libraries;
  private final NativeBalance balance;
  private final ConcurrentHashMap<Long, Operation> pending = new ConcurrentHashMap<>();
  private final AtomicLong lastNumber = new AtomicLong();
  private final BlockingQueue<Outcome> outcomes = new LinkedBlockingQueue<>();
  private final Callbacks.Completion rbdCallback = this::rbdComplete;
  private final Callbacks.Completion radosCallback = this::radosComplete;
  private final long rbdAddress = Callbacks.address(rbdCallback);
  private final long radosAddress = Callbacks.address(radosCallback);

  Completions(CephLibraries libraries, NativeBalance balance, String name) {
    this.libraries = libraries;
    this.balance = balance;
    Thread thread = new Thread(this::deliver, name + "-completions");
    thread.setDaemon(true);
    thread.start();
  }

  /** What waits for a result. */
  interface Operation {
    /**
     * Told once, on the thread of this object, which must not be blocked.
     *
     * @param result what the library returned: bytes, or a negative error code
     */
    void complete(long result);
  }

  /** Hands an operation to a library, given the completion that it is to complete. */
  interface Start {
    /** Returns a negative error code if the operation did not start. */
    int start(long completion);
  }

  /**
   * Starts an operation of librbd. It is told its result in any case, also that it could not be
   * started.
   */
  void startRbd(Operation operation, Start start) {
    long number = register(operation);
    try (Scratch scratch = new Scratch(balance)) {
      long slot = scratch.slot();
      int result = libraries.rbd().rbd_aio_create_completion(number, rbdAddress, slot);
      if (result >= 0) {
        long completion = Scratch.longAt(slot);
        result = start.start(completion);
        if (result < 0) {
          libraries.rbd().rbd_aio_release(completion);
        }
      }
      if (result < 0) {
        settle(number, result);
      }
    }
  }

  /**
   * Starts an operation of librados. It is told its result in any case, also that it could not be
   * started.
   */
  void startRados(Operation operation, Start start) {
    long number = register(operation);
    try (Scratch scratch = new Scratch(balance)) {
      long slot = scratch.slot();
      int result = libraries.rados().rados_aio_create_completion(number, radosAddress, 0, slot);
      if (result >= 0) {
        long completion = Scratch.longAt(slot);
        result = start.start(completion);
        if (result < 0) {
          libraries.rados().rados_aio_release(completion);
        }
      }
      if (result < 0) {
        settle(number, result);
      }
    }
  }

  /** Ends the thread. Nothing is pending any more, and nothing can be started. */
  void end() {
    outcomes.add(new Outcome(null, 0));
  }

  private long register(Operation operation) {
    long number = lastNumber.incrementAndGet();
    pending.put(number, operation);
    balance.add(NativeBalance.Kind.OPERATION, 1);
    return number;
  }

  private void rbdComplete(long completion, long number) {
    long result = Errno.EIO.result();
    try {
      result = libraries.rbd().rbd_aio_get_return_value(completion);
      libraries.rbd().rbd_aio_release(completion);
    } finally {
      settle(number, result);
    }
  }

  private void radosComplete(long completion, long number) {
    long result = Errno.EIO.result();
    try {
      result = libraries.rados().rados_aio_get_return_value(completion);
      libraries.rados().rados_aio_release(completion);
    } finally {
      settle(number, result);
    }
  }

  private void settle(long number, long result) {
    Operation operation = pending.remove(number);
    if (operation != null) {
      balance.add(NativeBalance.Kind.OPERATION, -1);
      outcomes.add(new Outcome(operation, result));
    }
  }

  private void deliver() {
    List<Outcome> batch = new ArrayList<>();
    while (true) {
      batch.clear();
      try {
        batch.add(outcomes.take());
      } catch (InterruptedException e) {
        LOG.debug("interrupted, and going on: only end() ends this thread");
        continue;
      }
      outcomes.drainTo(batch);
      for (Outcome outcome : batch) {
        if (outcome.operation == null) {
          return;
        }
        try {
          outcome.operation.complete(outcome.result);
        } catch (RuntimeException | Error e) {
          LOG.error("a completion failed", e);
        }
      }
    }
  }

  private record Outcome(@org.jspecify.annotations.Nullable Operation operation, long result) {}
}
