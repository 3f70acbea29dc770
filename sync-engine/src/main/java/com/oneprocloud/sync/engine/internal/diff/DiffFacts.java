// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import com.oneprocloud.sync.api.chain.DiffChoice;
import com.oneprocloud.sync.api.chain.DiffMethod;
import com.oneprocloud.sync.api.chain.DiffReason;
import com.oneprocloud.sync.api.chain.MapTrust;
import com.oneprocloud.sync.api.storage.CacheTier;
import com.oneprocloud.sync.api.storage.Layout;
import java.util.Set;

/**
 * What the choice of a method rests on.
 *
 * @param allowed whether the settings allow object maps
 * @param trust what is known of this image's maps from earlier runs
 * @param features the features of the image
 * @param layout how it is cut into objects
 * @param parent whether it is a clone now, or was one at base or snapshot
 * @param cacheTier whether a cache tier is in the way
 * @param sameSize whether the image had one size at base, snapshot and all snapshots between
 * @param maps what came of the reading of maps
 * @param check what came of asking the storage about objects that the maps call unchanged
 */
record DiffFacts(
    boolean allowed,
    MapTrust trust,
    Set<String> features,
    Layout layout,
    boolean parent,
    CacheTier cacheTier,
    boolean sameSize,
    Maps maps,
    Check check) {

  /**
   * Features with which clients keep maps right, as far as is known. Not among them: mirroring and
   * journaling, where another client writes than the one that the server uses; migration; caches on
   * the client; whatever comes after this list was written.
   */
  private static final Set<String> KNOWN_FEATURES =
      Set.of(
          "layering",
          "exclusive-lock",
          "object-map",
          "fast-diff",
          "deep-flatten",
          "data-pool",
          "operations");

  /** What came of the reading of maps. */
  enum Maps {
    /** Not read yet. */
    UNREAD,
    /** All there, undamaged, of the right size, and not flagged. */
    COMPLETE,
    /** One says that it may be wrong. */
    FLAGGED,
    /** One is missing or damaged. */
    UNUSABLE,
    /** Snapshots came or went meanwhile. */
    UNSTEADY
  }

  /** What came of asking the storage. */
  enum Check {
    /** Not asked yet. */
    UNASKED,
    /** It agrees with the maps. */
    AGREES,
    /** An object was written to that the maps call unchanged. */
    CONTRADICTS,
    /** It cannot tell. */
    IMPOSSIBLE
  }

  DiffFacts with(Maps found) {
    return new DiffFacts(
        allowed, trust, features, layout, parent, cacheTier, sameSize, found, check);
  }

  DiffFacts with(Check found) {
    return new DiffFacts(
        allowed, trust, features, layout, parent, cacheTier, sameSize, maps, found);
  }

  /**
   * The method. A pure function: the same facts give the same choice. Whatever is not known to be
   * safe is {@link DiffMethod#PRECISE}; before maps and storage were asked, FAST is what is
   * expected.
   */
  DiffChoice choice() {
    if (!allowed) {
      return precise(DiffReason.SWITCHED_OFF);
    }
    if (trust == MapTrust.QUARANTINED) {
      return precise(DiffReason.QUARANTINED);
    }
    if (!features.contains("object-map") || !features.contains("fast-diff")) {
      return precise(DiffReason.FEATURE_MISSING);
    }
    if (layout.striped() || layout.stripeUnit() != layout.objectSize()) {
      return precise(DiffReason.STRIPED);
    }
    if (!KNOWN_FEATURES.containsAll(features)) {
      return precise(DiffReason.FEATURE_UNKNOWN);
    }
    if (parent) {
      return precise(DiffReason.PARENT);
    }
    if (cacheTier != CacheTier.NONE) {
      return precise(DiffReason.CACHE_TIER);
    }
    if (!sameSize) {
      return precise(DiffReason.SIZE_CHANGED);
    }
    return switch (maps) {
      case UNREAD -> new DiffChoice(DiffMethod.FAST, DiffReason.TO_BE_CHECKED);
      case FLAGGED -> precise(DiffReason.MAP_FLAGGED);
      case UNUSABLE -> precise(DiffReason.MAP_UNUSABLE);
      case UNSTEADY -> precise(DiffReason.SNAPSHOTS_CHANGED);
      case COMPLETE ->
          switch (check) {
            case UNASKED -> new DiffChoice(DiffMethod.FAST, DiffReason.TO_BE_CHECKED);
            case AGREES -> new DiffChoice(DiffMethod.FAST, DiffReason.MAPS_CONSISTENT);
            case CONTRADICTS -> precise(DiffReason.MAPS_CONTRADICTED);
            case IMPOSSIBLE -> precise(DiffReason.NOT_CHECKABLE);
          };
    };
  }

  private static DiffChoice precise(DiffReason reason) {
    return new DiffChoice(DiffMethod.PRECISE, reason);
  }
}
