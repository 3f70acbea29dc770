// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.PermissionException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Snapshots taken by the cloud itself, so that the library which pauses a server's writes is the
 * cloud's own.
 *
 * <p>Thread-safe.
 */
public interface CloudSnapshots {
  /**
   * Takes a snapshot of each volume, all at the same time as nearly as the cloud can. All or
   * nothing: if one fails, the others are removed before this throws. Volumes in use are taken
   * without stopping their server, so each snapshot is crash-consistent and several are not from
   * one exact moment.
   *
   * @param volumes the volumes; the result is in the same order
   * @param name the display name; make it unique, it is how a lost answer is looked up
   * @param metadata what to keep with each snapshot; tells later whose it is
   * @param timeout how long to wait until all are available
   * @return the snapshots, all available
   * @throws PermissionException if the user may not take snapshots or the quota is used up
   * @throws ConflictException if a volume is in a state that forbids it
   * @throws DeadlineException if they were not available in time
   */
  List<CloudSnapshot> create(
      List<VolumeId> volumes, String name, Map<String, String> metadata, Duration timeout);

  /**
   * What would keep snapshots of these volumes from being taken: missing permission, used-up quota,
   * a volume's state. Worked out without writing anything.
   *
   * @return every fault found; empty if there is none
   */
  List<Fault> check(List<VolumeId> volumes);

  /** The snapshots of the user's own project whose metadata holds all of these entries. */
  List<CloudSnapshot> withMetadata(Map<String, String> metadata);

  /**
   * Removes a snapshot and waits until it is gone. Does nothing if it does not exist any more.
   *
   * @throws ConflictException if the cloud will not remove it: a clone depends on it, or it went to
   *     an error state; the message has the command that an administrator needs
   * @throws DeadlineException if it was not gone in time
   */
  void remove(CloudSnapshotId id, Duration timeout);
}
