// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import java.util.Arrays;

/** The JNA that the host brings: before 5.18.1 it can deadlock or leak memory for each callback. */
final class JnaVersion {
  private static final int[] OLDEST = {5, 18, 1};

  private JnaVersion() {}

  /** Refuses a JNA that is too old. */
  static void check(String version) {
    int[] parts =
        Arrays.stream(version.split("\\D+")).limit(3).mapToInt(Integer::parseInt).toArray();
    if (Arrays.compare(parts, OLDEST) < 0) {
      throw new UnsupportedException(
          SyncException.failed("load the Ceph client libraries", "net.java.dev.jna:jna:" + version)
              .because("this version of JNA can deadlock and leaks memory")
              .advice("Let the build use JNA 5.18.1 or later."));
    }
  }
}
