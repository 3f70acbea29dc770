// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.io.EOFException;
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
  private static final int PIECE = 64 << 10;

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
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      byte[] content = new byte[Math.toIntExact(channel.size())];
      int done = 0;
      while (done < content.length) {
        int read = channel.read(piece(content, done));
        if (read < 0) {
          throw new EOFException(file + " became shorter while it was read");
        }
        done += read;
      }
      return Optional.of(content);
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
      for (int done = 0; done < content.length; ) {
        done += channel.write(piece(content, done));
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

  /** Channels keep a direct buffer of the largest size seen, for each thread. */
  private static ByteBuffer piece(byte[] content, int from) {
    return ByteBuffer.wrap(content, from, Math.min(PIECE, content.length - from));
  }

  /** Makes the names in a directory durable. */
  public static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static Path directoryOf(Path file) {
    Path parent = file.toAbsolutePath().getParent();
    return parent == null ? file.toAbsolutePath() : parent;
  }
}
