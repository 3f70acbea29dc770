// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.SyncListener;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls a listener, one call at a time, and keeps its exceptions out of the run. Thread-safe. */
public final class Notifier {
  private static final Logger LOG = LoggerFactory.getLogger(Notifier.class);

  private final SyncListener listener;

  /** Calls that listener. */
  public Notifier(SyncListener listener) {
    this.listener = listener;
  }

  /** Makes a call. */
  public synchronized void tell(Consumer<SyncListener> call) {
    try {
      call.accept(listener);
    } catch (RuntimeException e) {
      LOG.warn("a listener failed; the run goes on", e);
    }
  }
}
