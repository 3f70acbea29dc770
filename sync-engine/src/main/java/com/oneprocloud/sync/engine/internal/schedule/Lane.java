// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.schedule;

import com.oneprocloud.sync.api.DiskPlan;

/**
 * What a disk has its limits in common with.
 *
 * @param server the server's id; the image, if it was asked for by itself
 * @param pool the pool of the image
 */
public record Lane(String server, String pool) {
  /** The lane of a disk. */
  public static Lane of(DiskPlan plan) {
    return new Lane(
        plan.disk().isPresent() ? plan.chain().replica().group() : plan.image().toString(),
        plan.image().pool());
  }
}
