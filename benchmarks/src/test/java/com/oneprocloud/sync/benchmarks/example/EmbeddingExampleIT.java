// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.example;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddingExampleIT {
  private final CephLab lab = CephLab.start();

  @TempDir Path folder;

  @Test
  void theExampleRunsOnARealCluster() {
    ImageSpec image = ImageSpec.of("volumes", "example-" + UUID.randomUUID());
    lab.rbd("create", image.toString(), "--size", "8M");
    try {
      assertEquals(Verdict.FULL, replicate(image).disks().get(0).verdict());
      assertEquals(Verdict.CONTINUE, replicate(image).disks().get(0).verdict());
    } finally {
      lab.rbd("snap", "purge", "--no-progress", image.toString());
      lab.rbd("rm", "--no-progress", image.toString());
    }
  }

  private SyncReport replicate(ImageSpec image) {
    return EmbeddingExample.fromCeph(lab.conf(), image, folder);
  }
}
