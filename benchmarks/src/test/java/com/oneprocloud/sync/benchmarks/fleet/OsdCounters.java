// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.benchmarks.OsdPerf;
import java.util.Locale;

/**
 * What the lab's OSD has done for its clients.
 *
 * @param operations operations of clients
 * @param reads of these, those that only read
 * @param writes of these, those that only wrote
 * @param bytesOut bytes that it sent
 */
record OsdCounters(long operations, long reads, long writes, long bytesOut) {
  static OsdCounters of(CephLab lab) {
    OsdPerf now = OsdPerf.of(lab);
    return new OsdCounters(
        now.counter("op"), now.counter("op_r"), now.counter("op_w"), now.counter("op_out_bytes"));
  }

  /** What was done since. */
  OsdCounters since(OsdCounters before) {
    return new OsdCounters(
        operations - before.operations,
        reads - before.reads,
        writes - before.writes,
        bytesOut - before.bytesOut);
  }

  /** For each of some disks. */
  String perDisk(int disks) {
    return String.format(
        Locale.ROOT,
        "a disk: %.1f RADOS operations, of which %.1f only read and %.1f only wrote; %.0f kB sent",
        (double) operations / disks,
        (double) reads / disks,
        (double) writes / disks,
        bytesOut / 1e3 / disks);
  }
}
