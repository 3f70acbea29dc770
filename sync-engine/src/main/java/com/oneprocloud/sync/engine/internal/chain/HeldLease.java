// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.Lease;

/** What the leases of all stores have in common: what was given back stays given back. */
public abstract class HeldLease implements Lease {
  private final ChainId chain;
  private final long token;
  private volatile boolean closed;

  /** A lease that was just taken. */
  protected HeldLease(ChainId chain, long token) {
    this.chain = chain;
    this.token = token;
  }

  @Override
  public final ChainId chain() {
    return chain;
  }

  @Override
  public final long token() {
    return token;
  }

  /** Throws if it was given back. */
  public final void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the lease of " + chain + " was given back");
    }
  }

  @Override
  public final synchronized void renew() {
    checkOpen();
    extend();
  }

  /** Not beside a renewal, which would take again what was given back. */
  @Override
  public final synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    // an interrupted thread could use neither files nor some databases
    boolean interrupted = Thread.interrupted();
    try {
      release();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Extends it in the store. */
  protected abstract void extend();

  /** Gives it back to the store, unless it was lost. */
  protected abstract void release();
}
