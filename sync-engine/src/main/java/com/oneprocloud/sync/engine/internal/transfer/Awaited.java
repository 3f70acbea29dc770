// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** Waits for what a storage works out. */
public final class Awaited {
  private Awaited() {}

  /**
   * The result, or the failure as it was before futures wrapped it.
   *
   * @throws InterruptedException if the thread was interrupted; what was waited for goes on
   */
  public static <T> T get(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (cause instanceof RuntimeException failure) {
        throw failure;
      }
      if (cause instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(cause);
    }
  }
}
