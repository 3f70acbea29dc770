// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.tck.CephLab;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The quickstart on the lab's Ceph, with the least-privilege users of README.md. */
class QuickstartIT {
  private final CephLab lab = CephLab.start();
  private final String image = "volumes/quickstart-" + UUID.randomUUID();
  private final ByteArrayOutputStream said = new ByteArrayOutputStream();

  @TempDir Path folder;

  @BeforeEach
  void makeImage() {
    lab.rbd("create", image, "--size", "64M");
    lab.rbd("bench", "--io-type", "write", "--io-size", "1M", "--io-total", "16M", image);
  }

  @AfterEach
  void removeImage() {
    lab.rbd("snap", "purge", "--no-progress", image);
    lab.rbd("rm", "--no-progress", image);
  }

  @Test
  void aRealImageIsReplicatedWithoutBeingWrittenTo() {
    String before = lab.rbd("info", image);
    run(0, "--plan");
    assertTrue(said().contains("FULL"), said());
    assertEquals("[]", lab.rbd("snap", "ls", image, "--format", "json").strip());
    run(0, "--check");
    assertTrue(said().contains("every byte compared: no difference"), said());
    run(0, "--check");
    assertTrue(said().contains("CONTINUE"), said());
    assertEquals(
        before, lab.rbd("info", image).replaceAll("snapshot_count: 2", "snapshot_count: 0"));
  }

  @Test
  void withWritesOfItsOwnItMakesTwoMorePoints() {
    run(0, "--check", "--write-demo", "client.cinder");
    String story = said();
    assertEquals(3, story.split("every byte compared: no difference", -1).length - 1, story);
    assertTrue(story.contains("#2 "), story);
  }

  @Test
  void anImageThatIsNotThereIsAnError() {
    List<String> arguments = arguments();
    arguments.set(arguments.indexOf(image), image + "-absent");
    assertEquals(1, start(arguments), this::said);
    assertTrue(said().contains("absent"), said());
    assertFalse(said().contains("\tat "), said());
  }

  private void run(int code, String... more) {
    List<String> arguments = arguments();
    arguments.addAll(List.of(more));
    said.reset();
    assertEquals(code, start(arguments), this::said);
  }

  private List<String> arguments() {
    return new ArrayList<>(
        List.of(
            "--ceph",
            lab.conf().toString(),
            "--user",
            "client.sync-reader",
            "--snapshot-user",
            "client.sync-snapshotter",
            "--image",
            image,
            "--target",
            folder.toString()));
  }

  private int start(List<String> arguments) {
    PrintStream stream = new PrintStream(said, true, UTF_8);
    return Quickstart.run(arguments.toArray(String[]::new), stream, stream);
  }

  private String said() {
    return said.toString(UTF_8);
  }
}
