// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.example;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.memory.MemoryDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingExampleTest {
  private static final ImageSpec IMAGE = ImageSpec.of("volumes", "volume-1");

  private static final String BEGINS = "  // README begins";

  @TempDir Path folder;

  @Test
  void theExampleReplicatesAndThenMovesWhatChangedAndChecksItOffline() throws Exception {
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      MemoryDisk disk = cluster.createDisk(IMAGE, 16 << 20);
      disk.write(5 << 20, new byte[] {1, 2, 3});
      assertEquals(Verdict.FULL, replicate(cluster).disks().get(0).verdict());
      disk.write(9 << 20, new byte[] {4, 5, 6});
      assertEquals(Verdict.CONTINUE, replicate(cluster).disks().get(0).verdict());
      byte[] expected = new byte[16 << 20];
      disk.read(0, ByteBuffer.wrap(expected));
      assertArrayEquals(
          expected, Files.readAllBytes(folder.resolve("replicas/volumes/volume-1.raw")));
    }
    assertTrue(EmbeddingExample.check(folder));
  }

  @Test
  void theReadmeShowsTheseExamples() throws IOException {
    Path root = root();
    List<String> source =
        Files.readAllLines(
            root.resolve(
                "benchmarks/src/test/java/com/oneprocloud/sync/benchmarks/example/EmbeddingExample.java"));
    int shown = 0;
    for (int from = source.indexOf(BEGINS); from >= 0; shown++) {
      List<String> rest = source.subList(from + 1, source.size());
      List<String> example = rest.subList(0, rest.indexOf("  // README ends"));
      assertTrue(example.size() > 10, "the marks of the example are there");
      String text = String.join("\n", example).stripTrailing().stripIndent();
      assertTrue(
          Files.readString(root.resolve("README.md")).contains("```java\n" + text + "\n```\n"),
          () -> "README.md shows another example than:\n" + text);
      int next = rest.indexOf(BEGINS);
      from = next < 0 ? -1 : from + 1 + next;
    }
    assertEquals(2, shown);
  }

  private SyncReport replicate(MemoryCluster cluster) {
    return EmbeddingExample.replicate(cluster, cluster.snapshotter(), IMAGE, folder);
  }

  private static Path root() {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve("mvnw"))) {
      folder = folder.getParent();
    }
    return folder;
  }
}
