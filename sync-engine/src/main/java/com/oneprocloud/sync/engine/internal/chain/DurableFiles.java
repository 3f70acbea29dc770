// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Files that are whole or not there after a crash. A file that was replaced is durable on return:
 * content first, then the name.
 */
public final class DurableFiles {
  private DurableFiles() {}

  /** Replaces a file, or makes it. */
  public static void replace(Path file, byte[] content) throws IOException {
    Path fresh = writeBeside(file, content);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory(directoryOf(file));
  }

  /**
   * Makes a file that must not exist.
   *
   * @throws java.nio.file.FileAlreadyExistsException if it does; it is left as it is
   */
  public static void create(Path file, byte[] content) throws IOException {
    Path fresh = writeBeside(file, content);
    try {
      // a hard link, unlike a rename, fails if the name is taken
      Files.createLink(file, fresh);
    } finally {
      Files.delete(fresh);
    }
    syncDirectory(directoryOf(file));
  }

  /** Removes a file, if it is there. */
  public static void delete(Path file) throws IOException {
    if (Files.deleteIfExists(file)) {
      syncDirectory(directoryOf(file));
    }
  }

  /** The content of a file, or empty if there is none. */
  public static Optional<byte[]> read(Path file) throws IOException {
    try {
      return Optional.of(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Makes a directory and those above it, durably. */
  public static void createDirectories(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directoryOf(directory);
    createDirectories(parent);
    Files.createDirectories(directory);
    syncDirectory(parent);
  }

  private static Path writeBeside(Path file, byte[] content) throws IOException {
    Path fresh = Files.createTempFile(directoryOf(file), ".new-", null);
    try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(content);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    } catch (IOException e) {
      try {
        Files.deleteIfExists(fresh);
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    return fresh;
  }

  private static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path directoryOf(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    return parent == null ? file.toAbsolutePath() : parent;
  }
}
