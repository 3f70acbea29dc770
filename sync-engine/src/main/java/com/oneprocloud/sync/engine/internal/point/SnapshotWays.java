// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Volume;
import com.oneprocloud.sync.api.storage.Snapshotter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The ways in which an engine can take snapshots. Thread-safe. */
public final class SnapshotWays {
  private final @Nullable Snapshotter snapshotter;
  private final @Nullable CloudSnapshots cloud;
  private final String owner;
  private final Duration timeout;

  /**
   * What there is.
   *
   * @param snapshotter takes them directly on images; null if nothing does
   * @param cloud takes those of volumes; null if it does not
   * @param owner whose they are
   * @param timeout how long the cloud may take for each
   */
  public SnapshotWays(
      @Nullable Snapshotter snapshotter,
      @Nullable CloudSnapshots cloud,
      String owner,
      Duration timeout) {
    this.snapshotter = snapshotter;
    this.cloud = cloud;
    this.owner = owner;
    this.timeout = timeout;
  }

  /**
   * The ways in which snapshots of a disk may be taken, the one for new snapshots first.
   *
   * @param disk the disk; empty for an image that was asked for by itself
   * @param together what takes it together with the server's other disks; null to take it by itself
   */
  public List<DiskSnapshots> of(
      Optional<Disk> disk, ChainId chain, @Nullable ServerSnapshots together) {
    List<DiskSnapshots> ways = new ArrayList<>();
    Optional<Volume> volume = disk.flatMap(Disk::volume);
    if (cloud != null && volume.isPresent()) {
      ways.add(new VolumeSnapshots(cloud, volume.get().id(), owner, chain, timeout, together));
    }
    if (snapshotter != null) {
      ways.add(new ImageSnapshots(snapshotter, new SnapshotNames(owner, chain)));
    }
    return ways;
  }

  /** What takes the snapshots of all disks of a plan by one request; null if that is not wanted. */
  public @Nullable ServerSnapshots together(SyncPlan plan) {
    if (plan.consistency() != Consistency.QUIESCED || cloud == null) {
      return null;
    }
    return new ServerSnapshots(cloud, plan.server().orElseThrow().id(), timeout);
  }
}
