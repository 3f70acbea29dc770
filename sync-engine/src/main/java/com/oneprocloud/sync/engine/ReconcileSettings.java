// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Duration;
import java.util.Objects;
import java.util.Set;

/**
 * How far {@link SyncEngine#reconcile} looks and what it may remove. Immutable; {@link #lookOnly}
 * and the {@code with} methods make variants.
 *
 * @param remove whether what is not needed is removed; if not, the report says what would be
 * @param orphans whether snapshots of chains that the chain store does not know count as not
 *     needed. Safe only if every proxy of this owner uses this chain store: another store's chains
 *     look just like that
 * @param grace how old a snapshot must be before it is removed; default 1 hour
 * @param pools pools of which every image is looked at; images of known chains are, in any pool
 */
public record ReconcileSettings(
    boolean remove, boolean orphans, Duration grace, Set<String> pools) {
  /** Checks the time and copies the set. */
  public ReconcileSettings {
    Objects.requireNonNull(grace, "grace");
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace is negative: " + grace);
    }
    pools = Set.copyOf(pools);
  }

  /** Looks at the images of known chains, and removes nothing. */
  public static ReconcileSettings lookOnly() {
    return new ReconcileSettings(false, false, Duration.ofHours(1), Set.of());
  }

  /** The same, and what is not needed is removed. */
  public ReconcileSettings removing() {
    return new ReconcileSettings(true, orphans, grace, pools);
  }

  /** The same, and snapshots of unknown chains count as not needed; see {@link #orphans}. */
  public ReconcileSettings withOrphans() {
    return new ReconcileSettings(remove, true, grace, pools);
  }

  /** The same with another {@link #grace}. */
  public ReconcileSettings withGrace(Duration time) {
    return new ReconcileSettings(remove, orphans, time, pools);
  }

  /** The same with every image of these pools. */
  public ReconcileSettings withPools(String... names) {
    return new ReconcileSettings(remove, orphans, grace, Set.of(names));
  }
}
