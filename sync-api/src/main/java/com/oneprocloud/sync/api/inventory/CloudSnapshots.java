// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
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
   * Whether the cloud would try to have a server's guest flush and stop writing when {@link
   * #createQuiesced} is called now. It tells nobody whether a guest obeyed.
   */
  default boolean quiesces(Server server) {
    return false;
  }

  /**
   * Takes a snapshot of each volume of a server together, after the cloud has tried to have the
   * guest flush and stop writing; it may stay so until all are taken. All or nothing, as {@link
   * #create}.
   *
   * @param server the server
   * @param volumes its volumes, each with what to keep with its snapshot; the result is in the same
   *     order
   * @param name a name that was never used before
   * @param timeout how long to wait until all are available
   * @throws PermissionException if the user may not take snapshots or the quota is used up
   * @throws ConflictException if the server or a volume is in a state that forbids it
   * @throws DeadlineException if they were not available in time
   * @throws UnsupportedException if this cloud cannot do that
   */
  default QuiescedSnapshots createQuiesced(
      ServerId server, Map<VolumeId, Map<String, String>> volumes, String name, Duration timeout) {
    throw new UnsupportedException(
        SyncException.failed("take snapshots", "server " + server)
            .because("this cloud cannot quiesce guests"));
  }

  /**
   * Snapshots of one server.
   *
   * @param snapshots the snapshots, all available
   * @param attempted whether the cloud will have tried to quiesce the guest
   */
  record QuiescedSnapshots(List<CloudSnapshot> snapshots, boolean attempted) {
    /** Copies the list. */
    public QuiescedSnapshots {
      snapshots = List.copyOf(snapshots);
    }
  }

  /**
   * What would keep snapshots of these volumes from being taken: missing permission, used-up quota,
   * a volume's state. Worked out without writing anything.
   *
   * @param volumes volumes as the cloud has just told them; only those of another project than the
   *     user's own are asked for again
   * @return every fault found; empty if there is none
   */
  List<Fault> check(List<Volume> volumes);

  /** The snapshots of the user's own project whose metadata holds all of these entries. */
  List<CloudSnapshot> withMetadata(Map<String, String> metadata);

  /** Those of one volume. */
  List<CloudSnapshot> withMetadata(VolumeId volume, Map<String, String> metadata);

  /**
   * Removes a snapshot and waits until it is gone. Does nothing if it does not exist any more.
   *
   * @throws ConflictException if the cloud will not remove it: a clone depends on it, or it went to
   *     an error state; the message has the command that an administrator needs
   * @throws DeadlineException if it was not gone in time
   */
  void remove(CloudSnapshotId id, Duration timeout);
}
