// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.Manifest;
import java.time.Instant;

/** Why stores refuse, in the same words whatever the storage. */
final class Refusals {
  private Refusals() {}

  static ConflictException held(ChainId chain, String holder, Instant until) {
    return new ConflictException(
        SyncException.failed("acquire lease", chain)
            .because("it is held by %s until %s", holder, until)
            .advice("Let the other run end, or wait until its lease expires."));
  }

  static ChainBrokenException lost(ChainId chain, String to) {
    return new ChainBrokenException(
        SyncException.failed("write to chain", chain)
            .because("the lease was lost to %s", to)
            .advice("Nothing was recorded. Plan again; the other run's point counts."));
  }

  static ChainBrokenException moved(Manifest manifest) {
    return new ChainBrokenException(
        SyncException.failed("commit", manifest.chain() + " #" + manifest.sequence())
            .because("it does not follow the newest manifest")
            .advice("Nothing was recorded. Plan again."));
  }

  static ChainBrokenException broken(Manifest manifest, String why) {
    return new ChainBrokenException(
        SyncException.failed("read manifest", manifest.chain() + " #" + manifest.sequence())
            .because(why)
            .advice("Restore the chain store from its backup, or start the chain anew."));
  }

  static ChainBrokenException misplaced(Object place, Manifest found) {
    return new ChainBrokenException(
        SyncException.failed("read manifest", place)
            .because("it holds #%d of %s", found.sequence(), found.chain())
            .advice("Restore the chain store from its backup."));
  }

  static ChainBrokenException digests(Manifest manifest, String why) {
    return new ChainBrokenException(
        SyncException.failed("read digests", manifest.chain() + " #" + manifest.sequence())
            .because(why)
            .advice(
                "Restore the chain store from its backup. Without the record the replica cannot be"
                    + " checked offline until a run has compared all of it: Verification.ALL."));
  }

  static IllegalStateException noDigests(Manifest manifest) {
    return new IllegalStateException(
        "no record of digests was finished for #"
            + manifest.sequence()
            + " of "
            + manifest.chain());
  }
}
