// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.comparison;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Moves data on demand, so that one warm process can take turns with other tools. A job is four
 * words: image, older snapshot or {@code -}, newer snapshot, file or {@code -}. It comes on the
 * command line, or line by line on standard input; {@code connected} is printed once, and {@code
 * seconds extents bytes} for each job.
 */
public final class Contender {
  private Contender() {}

  /** Takes the configuration file, the user, and perhaps a job. */
  public static void main(String[] args) throws Exception {
    try (CephCluster cluster = CephCluster.connect(CephConfig.fromFile(Path.of(args[0]), args[1]));
        Transfer transfer = new Transfer(cluster)) {
      if (args.length > 2) {
        run(transfer, args, 2);
        return;
      }
      System.out.println("connected");
      BufferedReader jobs =
          new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
      for (String job = jobs.readLine(); job != null; job = jobs.readLine()) {
        run(transfer, job.split(" "), 0);
      }
    }
  }

  private static void run(Transfer transfer, String[] words, int at) throws InterruptedException {
    Transfer.Moved moved =
        transfer.move(
            ImageSpec.parse(words[at]),
            words[at + 1].equals("-") ? null : words[at + 1],
            words[at + 2],
            words[at + 3].equals("-") ? null : Path.of(words[at + 3]));
    System.out.println(moved.seconds() + " " + moved.extents() + " " + moved.bytes());
  }
}
