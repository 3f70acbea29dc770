// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.CacheTier;
import java.util.regex.Pattern;

/** Whether a pool has a cache tier or is one, as the monitors tell. */
final class PoolTiers {
  private static final Pattern TIER = Pattern.compile(" (tiers|tier_of|read_tier|write_tier) ");

  private PoolTiers() {}

  /** Asks the monitors. Blocks. */
  static CacheTier of(Connection connection, long poolId) {
    try {
      return parse(
          Monitors.ask(
              connection,
              "ask for cache tiers",
              "{\"prefix\": \"osd pool ls\", \"detail\": \"detail\"}"),
          poolId);
    } catch (SyncException e) {
      return CacheTier.UNKNOWN;
    }
  }

  /**
   * Reads the answer: a line for each pool, from Jewel to Tentacle in the form {@code pool 1 'name'
   * replicated size 3 ... tiers 2 read_tier 2 write_tier 2 ...}. A strange name of a pool can make
   * this see a tier where there is none, never the other way round.
   */
  static CacheTier parse(String answer, long poolId) {
    return answer
        .lines()
        .filter(line -> line.startsWith("pool " + poolId + " '"))
        .findFirst()
        .map(line -> TIER.matcher(line).find() ? CacheTier.PRESENT : CacheTier.NONE)
        .orElse(CacheTier.UNKNOWN);
  }
}
