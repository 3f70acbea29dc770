// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.util.List;
import java.util.Map;

/**
 * What an engine does now and has done since it was built. Sums only grow; they are taken one after
 * the other while runs go on, so they may be apart by what happened in between. Immutable.
 *
 * @param disks the disks being replicated or waiting for their turn, longest first; those of runs
 *     that wait are not among them
 * @param runsActive runs that go on
 * @param runsWaiting runs that wait for their turn and hold nothing yet
 * @param bytesInFlight bytes of data in memory
 * @param pointsCommitted points of disks that were committed
 * @param disksFailed disks whose run failed or was cancelled
 * @param bytesWritten bytes of data written to targets by runs that committed
 * @param bytesZeroed bytes made zero, or left zero, on targets by runs that committed
 * @param bytesVerified bytes of targets that were held against their snapshots by runs that
 *     committed
 * @param reads reads of the source, from the request to its end, and their bytes
 * @param digests digests of the source that the storage worked out, from the request to their end,
 *     and the bytes that they are of
 * @param target what was read, or zeros, being written to the target or compared with it
 * @param flushes flushes of the target; their bytes are not counted
 * @param allowedRates what adaptive mode ({@link Limits#adaptive}) allows now, in bytes a second,
 *     by the pool's name; pools that had no disk since the engine was built are left out. Empty
 *     when it is off
 */
public record EngineFigures(
    List<DiskFigures> disks,
    int runsActive,
    int runsWaiting,
    long bytesInFlight,
    long pointsCommitted,
    long disksFailed,
    long bytesWritten,
    long bytesZeroed,
    long bytesVerified,
    OperationFigures reads,
    OperationFigures digests,
    OperationFigures target,
    OperationFigures flushes,
    Map<String, Long> allowedRates) {
  /** Copies list and map. */
  public EngineFigures {
    disks = List.copyOf(disks);
    allowedRates = Map.copyOf(allowedRates);
  }

  /** How many disks wait: for their snapshot or for their turn. */
  public int disksWaiting() {
    return (int) disks.stream().filter(it -> it.phase().isEmpty()).count();
  }

  /** Bytes a second that are read from the source now, of all disks together. */
  public double bytesPerSecond() {
    return disks.stream().mapToDouble(DiskFigures::bytesPerSecond).sum();
  }
}
