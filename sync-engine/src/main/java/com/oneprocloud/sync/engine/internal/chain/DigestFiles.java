// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Locale;
import java.util.function.LongPredicate;
import java.util.stream.Stream;

/** The records of digests in a chain's directory: a file for each, beside its manifest. */
public final class DigestFiles {
  /** Channels keep a direct buffer of the largest size seen, for each thread. */
  private static final int PIECE = 64 << 10;

  private static final String NAME = "\\d{10,}\\.digests";

  private final Path directory;

  DigestFiles(Path directory) {
    this.directory = directory;
  }

  /** A file that is being written, and has no name that counts yet. */
  public static final class Fresh {
    private final Path file;
    private final FileChannel channel;

    private Fresh(Path file) throws IOException {
      this.file = file;
      this.channel = FileChannel.open(file, StandardOpenOption.WRITE);
    }

    /** Adds bytes. */
    public void write(ByteBuffer bytes) throws IOException {
      while (bytes.hasRemaining()) {
        int piece = Math.min(bytes.remaining(), PIECE);
        bytes.position(bytes.position() + channel.write(bytes.slice(bytes.position(), piece)));
      }
    }

    /** Makes what was written durable, and ends it. */
    public void end() throws IOException {
      channel.force(true);
      channel.close();
    }

    /** Removes it, unless it has got a name that counts. */
    public void discard() throws IOException {
      channel.close();
      Files.deleteIfExists(file);
    }
  }

  Fresh create() throws IOException {
    return new Fresh(Files.createTempFile(directory, ".new-", null));
  }

  /** Gives a file the name that its manifest's record has. */
  void place(Fresh fresh, long sequence) throws IOException {
    Files.move(
        fresh.file,
        file(sequence),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
    DurableFiles.syncDirectory(directory);
  }

  /** The record of a manifest, whether it is there or not. */
  Path file(long sequence) {
    return directory.resolve(String.format(Locale.ROOT, "%010d.digests", sequence));
  }

  /** Removes records by the numbers of their manifests. */
  void remove(LongPredicate which) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(directory)) {
      files = all.filter(it -> String.valueOf(it.getFileName()).matches(NAME)).toList();
    }
    for (Path file : files) {
      String name = String.valueOf(file.getFileName());
      if (which.test(Long.parseLong(name.substring(0, name.indexOf('.'))))) {
        Files.deleteIfExists(file);
      }
    }
  }
}
