// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.chain.CommittedManifest;
import java.util.Optional;

/** What follows from the newest manifest of a chain, or from there being none. */
public final class ChainHead {
  private ChainHead() {}

  /** The number of the manifest that comes next. */
  public static long nextSequence(Optional<CommittedManifest> head) {
    return head.map(it -> it.manifest().sequence() + 1).orElse(0L);
  }

  /** Bytes of the point that the replica holds. */
  public static long size(Optional<CommittedManifest> head) {
    return head.map(it -> it.manifest().size()).orElse(0L);
  }
}
