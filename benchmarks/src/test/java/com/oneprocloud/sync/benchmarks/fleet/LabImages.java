// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.fleet;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/** Images full of data on the lab's Ceph. */
final class LabImages {
  private final CephLab lab;

  LabImages(CephLab lab) {
    this.lab = lab;
  }

  /** Makes a file of random bytes, in the place of an earlier one; to be deleted by the caller. */
  static Path data(Path folder, int mib) throws IOException {
    Path data = folder.resolve("data");
    SplittableRandom random = new SplittableRandom(7);
    byte[] piece = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(data)) {
      for (int i = 0; i < mib; i++) {
        random.nextBytes(piece);
        out.write(piece);
      }
    }
    return data;
  }

  /** Makes an image of a file. */
  void make(ImageSpec image, Path data) {
    lab.rbd("import", "--no-progress", data.toString(), image.toString());
  }

  /** What removes images of a pool that are there now, with their snapshots; others are left. */
  Consumer<ImageSpec> removal(String pool) {
    List<String> there = lab.rbd("ls", pool).lines().toList();
    return image -> {
      if (there.contains(image.name())) {
        lab.rbd("snap", "purge", "--no-progress", image.toString());
        lab.rbd("rm", "--no-progress", image.toString());
      }
    };
  }
}
