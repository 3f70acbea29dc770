// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

/** Why a verdict is what it is. */
public enum VerdictReason {
  /** The snapshot of the newest point is there. */
  BASE_PRESENT("the snapshot of the last point is there"),
  /**
   * The snapshot of the newest point is gone, the one before it is there: what changed since that
   * one includes what is needed.
   */
  SPARE_BASE_PRESENT("the snapshot of the last point is gone, the one before it is there"),
  /** A run was cut short and can be taken up where it stopped. */
  RUN_RESUMED("an earlier run was cut short and is taken up where it stopped"),
  /** There is no committed point yet. */
  FIRST_POINT("there is no point yet"),
  /** The replica is not there, or not recorded as ours. */
  REPLICA_MISSING("the replica is not there any more"),
  /** A run was cut short and its snapshot is gone, so what it wrote cannot be told apart. */
  RUN_LOST("an earlier run was cut short and its snapshot is gone"),
  /** The name now belongs to another image. */
  IMAGE_REPLACED("the image is another one than before"),
  /** The image is cut into objects differently. */
  LAYOUT_CHANGED("the layout of the image changed"),
  /** The snapshots of the last two points are gone. */
  BASE_LOST("the snapshots of the last points are gone"),
  /**
   * The object maps, which earlier points of the chain rest on, were found to be wrong: the image
   * was reverted, or a client keeps its maps wrong.
   */
  MAPS_CONTRADICTED("the image was reverted, or its object maps are wrong"),
  /**
   * Verification found a difference where the run had no reason to write: the target changed, or a
   * change was missed.
   */
  REPLICA_DIFFERS("the replica was not what it should be where nothing had changed"),
  /** A cache tier is in the way, with which storage of some releases loses track of changes. */
  CACHE_TIER("the pool has a cache tier, under which changes can go unrecorded"),
  /** The caller asked for it. */
  REQUESTED("the caller asked for it");

  private final String text;

  VerdictReason(String text) {
    this.text = text;
  }

  @Override
  public String toString() {
    return text;
  }
}
