// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.engine.internal.diff.DiffFacts.Check;
import com.oneprocloud.sync.engine.internal.diff.DiffFacts.Maps;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DiffFactsTest {
  private static final String GOOD = "layering+exclusive-lock+object-map+fast-diff+deep-flatten";

  @ParameterizedTest
  @CsvSource({
    // allowed, trust, features beside the usual, stripes, parent, tier, same size, maps, check
    "true, UNUSED, data-pool, 1, false, NONE, true, COMPLETE, AGREES, MAPS_CONSISTENT",
    "true, USED, operations, 1, false, NONE, true, COMPLETE, AGREES, MAPS_CONSISTENT",
    "true, USED, operations, 1, false, NONE, true, UNREAD, UNASKED, TO_BE_CHECKED",
    "true, USED, operations, 1, false, NONE, true, COMPLETE, UNASKED, TO_BE_CHECKED",
    "false, USED, operations, 1, false, NONE, true, COMPLETE, AGREES, SWITCHED_OFF",
    "true, QUARANTINED, operations, 1, false, NONE, true, COMPLETE, AGREES, QUARANTINED",
    "true, USED, migrating, 1, false, NONE, true, COMPLETE, AGREES, FEATURE_UNKNOWN",
    "true, USED, journaling, 1, false, NONE, true, COMPLETE, AGREES, FEATURE_UNKNOWN",
    "true, USED, bit-40, 1, false, NONE, true, COMPLETE, AGREES, FEATURE_UNKNOWN",
    "true, USED, striping, 4, false, NONE, true, COMPLETE, AGREES, STRIPED",
    "true, USED, operations, 1, true, NONE, true, COMPLETE, AGREES, PARENT",
    "true, USED, operations, 1, false, PRESENT, true, COMPLETE, AGREES, CACHE_TIER",
    "true, USED, operations, 1, false, UNKNOWN, true, COMPLETE, AGREES, CACHE_TIER",
    "true, USED, operations, 1, false, NONE, false, COMPLETE, AGREES, SIZE_CHANGED",
    "true, USED, operations, 1, false, NONE, true, FLAGGED, AGREES, MAP_FLAGGED",
    "true, USED, operations, 1, false, NONE, true, UNUSABLE, AGREES, MAP_UNUSABLE",
    "true, USED, operations, 1, false, NONE, true, UNSTEADY, AGREES, SNAPSHOTS_CHANGED",
    "true, USED, operations, 1, false, NONE, true, COMPLETE, CONTRADICTS, MAPS_CONTRADICTED",
    "true, USED, operations, 1, false, NONE, true, COMPLETE, IMPOSSIBLE, NOT_CHECKABLE",
  })
  void oneThingAgainstObjectMapsIsEnough(
      boolean allowed,
      MapTrust trust,
      String feature,
      int stripes,
      boolean parent,
      CacheTier tier,
      boolean sameSize,
      Maps maps,
      Check check,
      DiffReason expected) {
    DiffFacts facts =
        new DiffFacts(
            allowed,
            trust,
            Set.of((GOOD + "+" + feature).split("\\+", -1)),
            new Layout(4 << 20, 4 << 20, stripes, 1),
            parent,
            tier,
            sameSize,
            maps,
            check);
    boolean fast = expected == DiffReason.MAPS_CONSISTENT || expected == DiffReason.TO_BE_CHECKED;
    assertEquals(expected, facts.choice().reason());
    assertEquals(fast ? DiffMethod.FAST : DiffMethod.PRECISE, facts.choice().method());
  }
}
