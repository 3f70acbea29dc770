// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.tck.CephLab;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a lab's only OSD counts of its traffic. */
public final class OsdTraffic {
  private static final Pattern SENT = Pattern.compile("\"op_r_out_bytes\": (\\d+)");

  private OsdTraffic() {}

  /** Bytes that it has sent in answer to reads and digests since it was started. */
  public static long sent(CephLab lab) {
    String socket = lab.conf().resolveSibling("run").resolve("osd.0.asok").toString();
    Matcher sent = SENT.matcher(lab.ceph("daemon", socket, "perf", "dump"));
    if (!sent.find()) {
      throw new IllegalStateException("the OSD does not say what it sent");
    }
    return Long.parseLong(sent.group(1));
  }
}
