// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.identity;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one token and renews it: before it expires, and when a service refused it. However many
 * threads need a new one at a time, Keystone is asked once. Thread-safe; no lock is held during a
 * call.
 */
public final class TokenSource {
  private static final Logger LOG = LoggerFactory.getLogger(TokenSource.class);

  private final Supplier<Token> login;
  private final Ticker ticker;
  private final Object lock = new Object();

  private @Nullable Token token;
  private @Nullable CompletableFuture<Token> ongoing;

  /** A source that gets its tokens from there. */
  public TokenSource(Supplier<Token> login, Ticker ticker) {
    this.login = login;
    this.ticker = ticker;
  }

  /** A token that is good. */
  public Token token() {
    return tokenOtherThan(null);
  }

  /**
   * A token that is good and is not the one that a service refused. A thread that comes late, when
   * the refused one was replaced already, gets the new one without a call.
   *
   * @param refused the token that was refused
   */
  public Token tokenOtherThan(@Nullable Token refused) {
    Token held;
    CompletableFuture<Token> renewal;
    boolean ours = false;
    synchronized (lock) {
      held = token;
      boolean usable = held != null && held != refused && !held.hasExpired(ticker);
      if (held != null && usable && (!held.isDue(ticker) || ongoing != null)) {
        return held;
      }
      if (!usable) {
        held = null;
      }
      if (ongoing == null) {
        ongoing = new CompletableFuture<>();
        ours = true;
      }
      renewal = ongoing;
    }
    return ours ? renew(renewal, held) : await(renewal);
  }

  private Token renew(CompletableFuture<Token> renewal, @Nullable Token stillGood) {
    try {
      Token fresh = login.get();
      synchronized (lock) {
        token = fresh;
        ongoing = null;
      }
      renewal.complete(fresh);
      return fresh;
    } catch (RuntimeException | Error e) {
      synchronized (lock) {
        ongoing = null;
      }
      renewal.completeExceptionally(e);
      if (stillGood != null && e instanceof SyncException) {
        LOG.warn(
            "The token could not be renewed before it expires; using it meanwhile: {}",
            e.getMessage());
        return stillGood;
      }
      throw e;
    }
  }

  private static Token await(CompletableFuture<Token> renewal) {
    try {
      return renewal.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Forgets the token. */
  public void clear() {
    synchronized (lock) {
      token = null;
    }
  }
}
