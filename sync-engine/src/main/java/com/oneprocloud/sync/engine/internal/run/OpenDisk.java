// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskProgress;
import com.oneprocloud.sync.api.SyncListener.Phase;
import com.oneprocloud.sync.api.chain.RunProgress;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.engine.internal.figures.DiskMeter;
import com.oneprocloud.sync.engine.internal.schedule.Pace;
import com.oneprocloud.sync.engine.internal.transfer.BufferPool;
import java.util.concurrent.Executor;

/**
 * What the passes over one disk share.
 *
 * @param plan what is done with the disk
 * @param replica what is written and compared; belongs to the run
 * @param lease that the chain may be written; belongs to the run
 * @param resources settings and what all disks use; the engine's
 * @param notifier who listens
 * @param meter how far the disk is; belongs to the run
 * @param pace when it may read; belongs to the run
 * @param memory what it has of the engine's
 * @param workers what it has of the engine's threads
 */
record OpenDisk(
    DiskPlan plan,
    Replica replica,
    LeaseKeeper lease,
    RunResources resources,
    Notifier notifier,
    DiskMeter meter,
    Pace.Disk pace,
    BufferPool.Allotment memory,
    Executor workers) {

  /** Says that a phase begins. */
  void begin(Phase phase) {
    meter.begin(phase);
    notifier.tell(it -> it.phaseStarted(plan, phase));
  }

  /** Says how far the phase is. */
  void progressed(DiskProgress progress) {
    meter.progressed(progress);
    notifier.tell(it -> it.progressed(plan, progress));
  }

  /** Records that whoever takes the open run up has to begin at its start. */
  void startOver() {
    record(new RunProgress(0, 0, replica.epoch()), true);
  }

  /** Records progress of the open run. */
  void record(RunProgress progress, boolean durable) {
    resources.chains.progress(lease.lease(), progress, durable);
  }
}
