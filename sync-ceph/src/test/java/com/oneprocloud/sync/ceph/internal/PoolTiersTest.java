// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.storage.CacheTier;
import org.junit.jupiter.api.Test;

class PoolTiersTest {
  private static final String ANSWER =
      """
      pool 1 'volumes' replicated size 3 min_size 2 crush_rule 0 object_hash rjenkins pg_num 8 \
      pgp_num 8 last_change 35 lfor 31/31/31 flags hashpspool,selfmanaged_snaps tiers 9 read_tier \
      9 write_tier 9 stripe_width 0 application rbd
      \tremoved_snaps_queue [2~1]

      pool 12 'plain' replicated size 3 min_size 2 crush_rule 0 flags hashpspool stripe_width 0
      pool 9 'hot' replicated size 3 flags hashpspool tier_of 1 cache_mode writeback target_bytes 0
      """;

  @Test
  void seesTiersOnBothSides() {
    assertEquals(CacheTier.PRESENT, PoolTiers.parse(ANSWER, 1));
    assertEquals(CacheTier.PRESENT, PoolTiers.parse(ANSWER, 9));
    assertEquals(CacheTier.NONE, PoolTiers.parse(ANSWER, 12));
    assertEquals(CacheTier.UNKNOWN, PoolTiers.parse(ANSWER, 2));
    assertEquals(CacheTier.UNKNOWN, PoolTiers.parse("", 1));
  }
}
