// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.chain.RunProgress;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * An append-only file of progress, one line each: written, flushed, epoch, CRC-32C of the line
 * before it. A line that a crash cut short is passed over.
 */
final class ProgressJournal {
  private final Path file;

  ProgressJournal(Path file) {
    this.file = file;
  }

  void append(RunProgress progress, boolean durable) throws IOException {
    String line = progress.written() + " " + progress.flushed() + " " + progress.epoch();
    if (line.indexOf('\n') >= 0) {
      throw new IllegalArgumentException("an epoch of several lines: " + progress.epoch());
    }
    // begins with a line end so that a torn line before it cannot swallow it
    ByteBuffer record =
        ByteBuffer.wrap(("\n" + line + " " + crc(line) + "\n").getBytes(StandardCharsets.UTF_8));
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      while (record.hasRemaining()) {
        channel.write(record);
      }
      if (durable) {
        channel.force(true);
      }
    }
  }

  Optional<RunProgress> last() throws IOException {
    Optional<byte[]> content = DurableFiles.read(file);
    if (content.isEmpty()) {
      return Optional.empty();
    }
    RunProgress last = null;
    for (String line : new String(content.get(), StandardCharsets.UTF_8).lines().toList()) {
      int end = line.lastIndexOf(' ');
      if (end > 0 && crc(line.substring(0, end)).equals(line.substring(end + 1))) {
        String[] parts = line.substring(0, end).split(" ", 3);
        last = new RunProgress(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]);
      }
    }
    return Optional.ofNullable(last);
  }

  void delete() throws IOException {
    DurableFiles.delete(file);
  }

  private static String crc(String line) {
    CRC32C crc = new CRC32C();
    crc.update(line.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "%08x", crc.getValue());
  }
}
