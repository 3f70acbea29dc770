// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api;

import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.target.Target;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a run will do, worked out without writing anything to the source or the target. Printing it
 * gives a table.
 *
 * @param server the server; empty if an image was asked for by itself
 * @param run the id of the run to be; that of the earlier run if one is taken up
 * @param consistency what the point will be
 * @param mode what the caller asked for
 * @param target where the replicas are
 * @param disks the disks that will be replicated
 * @param left disks that will not be, because their content is not worth moving
 */
public record SyncPlan(
    Optional<Server> server,
    RunId run,
    Consistency consistency,
    SyncMode mode,
    Target target,
    List<DiskPlan> disks,
    List<Disk> left) {
  /** Copies the lists. */
  public SyncPlan {
    Objects.requireNonNull(server, "server");
    Objects.requireNonNull(run, "run");
    Objects.requireNonNull(consistency, "consistency");
    Objects.requireNonNull(mode, "mode");
    Objects.requireNonNull(target, "target");
    disks = List.copyOf(disks);
    left = List.copyOf(left);
  }

  /** A name for people: of the server, or of the image. */
  public String subject() {
    return server
        .map(it -> it.name().isEmpty() ? it.id().value() : it.name())
        .orElseGet(() -> disks.isEmpty() ? "nothing" : disks.get(0).image().toString());
  }

  /** Whether an earlier run is taken up instead of a new point being taken. */
  public boolean resumes() {
    return disks.stream().anyMatch(disk -> disk.resumes().isPresent());
  }

  @Override
  public String toString() {
    return PlanTable.of(this);
  }
}
