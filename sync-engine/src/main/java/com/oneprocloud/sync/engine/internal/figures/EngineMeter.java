// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.figures;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.engine.DiskFigures;
import com.oneprocloud.sync.engine.EngineFigures;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** What an engine does and has done. Thread-safe. */
public final class EngineMeter {
  /** Reads of the source, from the request to its end. */
  public final Operations reads = new Operations();

  /** Digests of the source, from the request to their end, and what they are of. */
  public final Operations digests = new Operations();

  /** What was read, or zeros, being written to the target or compared with it. */
  public final Operations target = new Operations();

  /** Flushes of the target. */
  public final Operations flushes = new Operations();

  private final LongSupplier clock;

  /** In the order in which they began. Guarded by itself. */
  private final Set<DiskMeter> disks = new LinkedHashSet<>();

  private final LongAdder committed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder written = new LongAdder();
  private final LongAdder zeroed = new LongAdder();
  private final LongAdder verified = new LongAdder();

  /**
   * Nothing done yet.
   *
   * @param clock nanoseconds
   */
  public EngineMeter(LongSupplier clock) {
    this.clock = clock;
  }

  /** A disk begins; to be closed when it is done with. */
  public DiskMeter begin(DiskPlan plan) {
    DiskMeter disk = new DiskMeter(plan, clock, this::end);
    synchronized (disks) {
      disks.add(disk);
    }
    return disk;
  }

  private void end(DiskMeter disk) {
    synchronized (disks) {
      disks.remove(disk);
    }
  }

  /** A disk's point was committed. */
  public void committed(DiskReport report) {
    committed.increment();
    written.add(report.bytesWritten());
    zeroed.add(report.bytesZeroed());
    verified.add(report.bytesVerified());
  }

  /** A disk's run failed. */
  public void failed() {
    failed.increment();
  }

  /**
   * The figures now.
   *
   * @param bytesInFlight bytes of data in memory
   * @param runsActive runs that go on
   * @param runsWaiting runs that wait
   * @param allowedRates what adaptive mode allows
   */
  public EngineFigures figures(
      long bytesInFlight, int runsActive, int runsWaiting, Map<String, Long> allowedRates) {
    List<DiskMeter> now;
    synchronized (disks) {
      now = List.copyOf(disks);
    }
    List<DiskFigures> figures = now.stream().map(DiskMeter::figures).toList();
    return new EngineFigures(
        figures,
        runsActive,
        runsWaiting,
        bytesInFlight,
        committed.sum(),
        failed.sum(),
        written.sum(),
        zeroed.sum(),
        verified.sum(),
        reads.figures(),
        digests.figures(),
        target.figures(),
        flushes.figures(),
        allowedRates);
  }
}
