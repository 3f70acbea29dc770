// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.tck.CephLab;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a lab's only OSD has counted since it was started, read through its admin socket. */
public final class OsdPerf {
  private final String dump;

  private OsdPerf(String dump) {
    this.dump = dump;
  }

  /** What it has counted until now. */
  public static OsdPerf of(CephLab lab) {
    String socket = lab.conf().resolveSibling("run").resolve("osd.0.asok").toString();
    return new OsdPerf(lab.ceph("daemon", socket, "perf", "dump", "osd"));
  }

  /** One of its counters of clients' operations. */
  public long counter(String name) {
    Matcher matcher = Pattern.compile("\"" + name + "\": (\\d+)").matcher(dump);
    if (!matcher.find()) {
      throw new IllegalStateException("no counter " + name + " in " + dump);
    }
    return Long.parseLong(matcher.group(1));
  }

  /** Bytes that it has sent in answer to reads and digests. */
  public long sent() {
    return counter("op_r_out_bytes");
  }
}
