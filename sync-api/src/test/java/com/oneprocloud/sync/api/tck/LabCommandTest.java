// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.TestAbortedException;

@DisabledOnOs(OS.WINDOWS)
final class LabCommandTest {
  private static final Duration SECONDS = Duration.ofSeconds(20);

  @TempDir Path folder;

  private LabCommand command(Map<String, String> settings, String... script) throws IOException {
    Path lab = Files.createDirectories(folder.resolve("benchmarks/lab"));
    Path file = Files.writeString(lab.resolve("fake"), "#!/bin/sh\n" + String.join("\n", script));
    assertTrue(file.toFile().setExecutable(true));
    Path below = Files.createDirectories(folder.resolve("module/target"));
    return new LabCommand("fake", below, settings::get);
  }

  @Test
  void readsKeyValueLines() throws IOException {
    LabCommand command = command(Map.of(), "echo progress >&2", "echo A=1; echo B=x=y; echo $1");
    assertEquals(Map.of("A", "1", "B", "x=y"), command.values(SECONDS, "up"));
  }

  @Test
  void aMachineThatCannotCarryTheLabAbortsTheTest() throws IOException {
    LabCommand command = command(Map.of(), "echo needs root >&2; exit 77");
    var aborted = assertThrows(TestAbortedException.class, () -> command.run(SECONDS, "up"));
    assertEquals("the lab cannot run here: needs root", aborted.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"CI", "SYNC_LAB_REQUIRED"})
  void whereTheLabIsDemandedItFailsTheTest(String setting) throws IOException {
    LabCommand command = command(Map.of(setting, "true"), "exit 77");
    assertThrows(AssertionError.class, () -> command.run(SECONDS, "up"));
    LabCommand absent = new LabCommand("absent", folder, Map.of(setting, "true")::get);
    assertThrows(AssertionError.class, () -> absent.run(SECONDS, "up"));
  }

  @Test
  void aLabThatFailsIsNoReasonToSkip() throws IOException {
    LabCommand command = command(Map.of(), "echo the monitor is gone >&2; exit 1");
    var failure = assertThrows(IllegalStateException.class, () -> command.run(SECONDS, "up"));
    assertTrue(failure.getMessage().contains("the monitor is gone"), failure.getMessage());
  }

  @Test
  void aProgramThatHangsIsEndedWithItsChildren() throws IOException {
    LabCommand command = command(Map.of(), "sleep 300 & echo $! >" + folder + "/pid; wait");
    assertThrows(IllegalStateException.class, () -> command.run(Duration.ofMillis(500), "up"));
    long child = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle.of(child)
        .ifPresent(handle -> handle.onExit().orTimeout(20, TimeUnit.SECONDS).join());
    assertFalse(ProcessHandle.of(child).filter(ProcessHandle::isAlive).isPresent());
  }

  @Test
  void theToolsDoNotSeeTheLibrariesMeantForTheJvm() {
    var output = LabCommand.execute(List.of("env"), Map.of("CEPH_CONF", "/x"), SECONDS);
    assertTrue(output.text().contains("CEPH_CONF=/x\n"), output.text());
    assertFalse(output.text().contains("LD_LIBRARY_PATH"), output.text());
  }
}
