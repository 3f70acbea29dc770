// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/**
 * Runs a command of {@code benchmarks/lab} and the command-line tools that look at the lab. Holds
 * no state but its settings and is safe for use by many threads.
 */
final class LabCommand {
  /** The exit code by which a command of the lab says that this machine cannot carry it. */
  static final int CANNOT_RUN_HERE = 77;

  private final String name;
  private final Path start;
  private final UnaryOperator<@Nullable String> settings;

  /** The command of that name, looked for from the working directory upwards. */
  LabCommand(String name) {
    this(name, Path.of("").toAbsolutePath(), LabCommand::setting);
  }

  LabCommand(String name, Path start, UnaryOperator<@Nullable String> settings) {
    this.name = name;
    this.start = start;
    this.settings = settings;
  }

  /** The value of a system property, else of the environment variable of the same name. */
  static @Nullable String setting(@Nullable String key) {
    return key == null ? null : System.getProperty(key, System.getenv(key));
  }

  /**
   * Runs the command and reads its {@code key=value} lines.
   *
   * @throws TestAbortedException when this machine cannot carry the lab and nothing demands it
   * @throws AssertionError when this machine cannot carry the lab, but {@code CI} or {@code
   *     SYNC_LAB_REQUIRED} is {@code true}
   * @throws IllegalStateException when the lab should have run and did not
   */
  Map<String, String> values(Duration timeout, String... arguments) {
    Map<String, String> values = new LinkedHashMap<>();
    for (String line : run(timeout, arguments).lines().toList()) {
      int equals = line.indexOf('=');
      if (equals > 0) {
        values.put(line.substring(0, equals), line.substring(equals + 1));
      }
    }
    return values;
  }

  /** Runs the command and returns what it printed; throws as {@link #values}. */
  String run(Duration timeout, String... arguments) {
    Path script = script();
    if (script == null) {
      throw cannotRun("there is no benchmarks/lab/" + name + " above " + start);
    }
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(arguments));
    Output output = execute(command, Map.of(), timeout);
    if (output.exitCode() == CANNOT_RUN_HERE) {
      throw cannotRun(output.errors().strip());
    }
    return output.orThrow(command);
  }

  /**
   * Aborts the test, or fails it where the lab is demanded: a skipped lab is never silent there.
   */
  RuntimeException cannotRun(String reason) {
    String message = "the lab cannot run here: " + reason;
    if ("true".equals(settings.apply("CI")) || "true".equals(settings.apply("SYNC_LAB_REQUIRED"))) {
      throw new AssertionError(message);
    }
    return new TestAbortedException(message);
  }

  private @Nullable Path script() {
    for (Path folder = start; folder != null; folder = folder.getParent()) {
      Path script = folder.resolve("benchmarks").resolve("lab").resolve(name);
      if (Files.isExecutable(script)) {
        return script;
      }
    }
    return null;
  }

  /**
   * Runs a program to its end. Its output goes through files, so that neither a full pipe nor a
   * daemon that keeps one open can hold the test.
   *
   * @param environment added to this process's; an empty value removes the variable
   * @throws IllegalStateException when it cannot be started or is not done in time; it is then
   *     ended with all its children
   */
  static Output execute(List<String> command, Map<String, String> environment, Duration timeout) {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("lab-command");
      Path out = folder.resolve("out");
      Path errors = folder.resolve("errors");
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(errors.toFile());
      // Points a JVM at another release's librbd; the tools keep to their own
      builder.environment().remove("LD_LIBRARY_PATH");
      environment.forEach(
          (key, value) -> {
            if (value.isEmpty()) {
              builder.environment().remove(key);
            } else {
              builder.environment().put(key, value);
            }
          });
      Process process = builder.start();
      process.getOutputStream().close();
      boolean done = awaitEnd(process, timeout);
      Output output = new Output(done ? process.exitValue() : -1, read(out), read(errors));
      if (!done) {
        throw new IllegalStateException(
            String.join(" ", command) + " took more than " + timeout + ": " + output.errors());
      }
      return output;
    } catch (IOException e) {
      throw new IllegalStateException("cannot run " + String.join(" ", command), e);
    } finally {
      remove(folder);
    }
  }

  private static boolean awaitEnd(Process process, Duration timeout) {
    boolean done = false;
    try {
      done = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (!done) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    }
    return done;
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private static void remove(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try {
      Files.deleteIfExists(folder.resolve("out"));
      Files.deleteIfExists(folder.resolve("errors"));
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a program left: its exit code and what it wrote. */
  record Output(int exitCode, String text, String errors) {
    String orThrow(List<String> command) {
      if (exitCode != 0) {
        throw new IllegalStateException(
            (String.join(" ", command) + " ended with " + exitCode + ": " + text + errors).strip());
      }
      return text;
    }
  }
}
