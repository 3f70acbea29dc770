// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.SyncListener;
import java.time.Duration;
import java.util.Optional;

/**
 * How far a disk is that is being replicated.
 *
 * @param plan what is done with it
 * @param phase what is being done now; empty while its snapshot is taken and while it waits for its
 *     turn
 * @param offset everything below this offset is done in this phase
 * @param size bytes of the disk
 * @param bytesRead bytes read from the source in this phase
 * @param bytesPerSecond how fast they are read, of the last seconds; falls to 0 if nothing moves
 * @param remaining how long this phase will take yet if the disk goes on as in the last half
 *     minute; empty while that cannot be told. An estimate: changes are not spread evenly over a
 *     disk
 * @param age since when it is being replicated, waiting included
 */
public record DiskFigures(
    DiskPlan plan,
    Optional<SyncListener.Phase> phase,
    long offset,
    long size,
    long bytesRead,
    double bytesPerSecond,
    Optional<Duration> remaining,
    Duration age) {}
