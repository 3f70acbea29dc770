// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** Why a {@link DiffMethod} was chosen. */
public enum DiffReason {
  /** Everything that could be checked speaks for the object maps. */
  MAPS_CONSISTENT("the object maps are complete and agree with the storage where it was asked"),
  /** In a plan: nothing speaks against the object maps so far; they are read and checked later. */
  TO_BE_CHECKED("the object maps will be read and checked once the snapshot is taken"),
  /** The settings of the engine do not allow object maps. */
  SWITCHED_OFF("object maps are not allowed by the settings"),
  /** The verdict of the run leaves nothing to compare with. */
  NO_BASE("there is no snapshot to compare with"),
  /** Verification found that the replica was not what the chain says. */
  REPLICA_DIFFERS("the replica was not what it should be where nothing had changed"),
  /** The maps of this image were wrong once. */
  QUARANTINED("the object maps of this image were wrong before"),
  /** The image is not kept with object maps and fast-diff. */
  FEATURE_MISSING("the image has no object maps with fast-diff"),
  /** The image has a feature under which object maps are not known to be right. */
  FEATURE_UNKNOWN("the image has a feature under which object maps cannot be trusted"),
  /** Objects do not follow each other in the image. */
  STRIPED("the image is striped"),
  /** The image is, or was at one of the snapshots, a clone that reads through to a parent. */
  PARENT("the image has or had a parent"),
  /** A cache tier is in the way, or nobody could tell whether one is. */
  CACHE_TIER("the pool has a cache tier, or that could not be told"),
  /** The size changed between base and snapshot. */
  SIZE_CHANGED("the image was grown or shrunk"),
  /** A map says of itself that it may be wrong. */
  MAP_FLAGGED("an object map is flagged as invalid"),
  /** A map is missing, damaged or of another size than its snapshot. */
  MAP_UNUSABLE("an object map is missing or damaged"),
  /** Snapshots came or went while the maps were read. */
  SNAPSHOTS_CHANGED("snapshots between base and point changed while object maps were read"),
  /** The storage cannot tell versions of objects, so that the maps cannot be checked. */
  NOT_CHECKABLE("the storage cannot tell whether the object maps are right"),
  /**
   * An object was written to that the maps call unchanged: the image was probably reverted to a
   * snapshot, or a client keeps its maps wrong.
   */
  MAPS_CONTRADICTED(
      "the storage contradicts the object maps: the image was reverted, or a client keeps its maps"
          + " wrong");

  private final String text;

  DiffReason(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
