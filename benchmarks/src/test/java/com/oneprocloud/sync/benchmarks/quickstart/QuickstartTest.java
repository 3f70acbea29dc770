// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.tck.LeakCheck;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.memory.MemoryCluster;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuickstartTest {
  @RegisterExtension final LeakCheck leaks = new LeakCheck();
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void theStoryInMemoryEndsWellAndCleansUp() {
    assertEquals(0, run(), this::said);
    String story = out.toString(UTF_8);
    assertTrue(story.contains(" and of the replica: no difference."), story);
    assertTrue(story.contains("#0       full"), story);
    assertTrue(story.contains("#2       continue"), story);
    Matcher removed = Pattern.compile("Removed: (.*)").matcher(story);
    assertTrue(removed.find(), story);
    assertFalse(Files.exists(Path.of(removed.group(1).strip())));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "now",
        "--fast",
        "--image",
        "--image volumes/a",
        "--offline",
        "--offline --target t --image volumes/a",
        "--ceph a.conf",
        "--ceph a.conf --ceph b.conf --user client.a",
        "--ceph a.conf --user client.a --target t --image volumes",
        "--ceph a.conf --user client.a --target t --server web-1",
        "--ceph a.conf --user client.a --target t --cloud c --server web-1 --image volumes/a",
        "--ceph a.conf --user client.a --target t --cloud c --server web-1 --pools ssd",
        "--ceph a.conf --user client.a --target t --image volumes/a --mode best",
        "--ceph a.conf --user client.a --target t --image volumes/a --verify=some"
      })
  void aCommandLineThatMakesNoSenseIsRefusedInTwoLines(String arguments) {
    assertEquals(2, run(arguments.split(" ", -1)), this::said);
    assertEquals(2, err.toString(UTF_8).lines().count(), this::said);
    assertEquals("", out.toString(UTF_8));
  }

  @Test
  void anErrorIsAMessageWithoutAStackTrace() {
    String conf = folder.resolve("absent.conf").toString();
    int code =
        run("--ceph", conf, "--user", "client.a", "--image", "volumes/a", "--target", "" + folder);
    assertEquals(1, code, this::said);
    assertTrue(err.toString(UTF_8).startsWith("quickstart: "), this::said);
    assertFalse(err.toString(UTF_8).contains("\tat "), this::said);
  }

  @Test
  void aReplicaIsCheckedWithoutItsCluster() throws IOException {
    ImageSpec image = ImageSpec.of("volumes", "a");
    DirectoryTarget target = DirectoryTarget.at(folder);
    try (MemoryCluster cluster = MemoryCluster.withPools("volumes")) {
      cluster.createDisk(image, 1 << 20).write(70_000, new byte[] {1, 2, 3});
      try (SyncEngine engine =
          SyncEngine.builder()
              .storage(cluster)
              .snapshotter(cluster.snapshotter())
              .chains(DirectoryChainStore.at(folder.resolve(".chains")))
              .build()) {
        engine.run(engine.plan(image, target));
      }
    }
    assertEquals(0, run("--offline", "--target", folder.toString()), this::said);
    assertTrue(said().contains("1 MiB checked, no difference"), this::said);
    try (RandomAccessFile replica =
        new RandomAccessFile(target.file(new ReplicaName("volumes", "a")).toFile(), "rw")) {
      replica.seek(70_001);
      replica.write(7);
    }
    assertEquals(1, run("--offline", "--target", folder.toString()), this::said);
    assertTrue(said().contains("differs: 65536 bytes at 65536"), this::said);
    assertEquals(1, run("--offline", "--target", folder + "/none"), this::said);
    assertTrue(said().contains("no chain"), this::said);
  }

  @Test
  void theHelpFitsAScreen() {
    assertEquals(0, run("--help"));
    String help = out.toString(UTF_8);
    assertTrue(help.lines().count() <= 45, help);
    assertTrue(help.lines().allMatch(line -> line.length() <= 100), help);
  }

  private int run(String... arguments) {
    return Quickstart.run(
        arguments, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
  }

  private String said() {
    return out.toString(UTF_8) + err.toString(UTF_8);
  }
}
