// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.benchmarks.Folders;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code benchmarks/fleet} runs. */
final class Fleet {
  private Fleet() {}

  /** Takes {@code memory}, {@code ceph} or {@code soak}, and options. */
  public static void main(String[] arguments) throws Exception {
    Words words = new Words(arguments);
    Path folder = Files.createTempDirectory("sync-fleet-");
    try {
      switch (arguments.length == 0 ? "" : arguments[0]) {
        case "memory" -> MemoryFleet.main(words, folder);
        case "ceph" -> CephFleet.main(words, folder);
        case "soak" -> Soak.main(words, folder);
        default -> throw new IllegalArgumentException("memory, ceph or soak?");
      }
    } finally {
      Folders.remove(folder);
    }
  }
}
