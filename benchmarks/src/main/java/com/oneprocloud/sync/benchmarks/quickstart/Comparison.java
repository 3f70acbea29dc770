// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A replica held against its source, byte by byte, with nothing of the engine.
 *
 * @param firstDifference where they differ first; -1 if they do not
 * @param fileSize bytes of the replica
 * @param size bytes of the source
 * @param sha256 of the replica's first {@code size} bytes
 */
record Comparison(long firstDifference, long fileSize, long size, String sha256) {
  private static final int STEP = 4 << 20;

  /** Reads the source. */
  interface Source {
    /** Fills the remaining bytes of a direct buffer with what is at an offset. */
    void read(long offset, ByteBuffer into) throws IOException, InterruptedException;
  }

  /** Compares all bytes of a source with a file. */
  static Comparison of(Path file, long size, Source source)
      throws IOException, InterruptedException {
    MessageDigest digest = newDigest();
    ByteBuffer expected = ByteBuffer.allocateDirect(STEP);
    ByteBuffer found = ByteBuffer.allocateDirect(STEP);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long difference = -1;
      for (long offset = 0; offset < size && difference < 0; offset += STEP) {
        int length = (int) Math.min(STEP, size - offset);
        source.read(offset, expected.clear().limit(length));
        read(channel, offset, found.clear().limit(length));
        int mismatch = expected.position(0).limit(length).mismatch(found.flip());
        difference = mismatch < 0 ? -1 : offset + mismatch;
        digest.update(found);
      }
      return new Comparison(
          difference, channel.size(), size, HexFormat.of().formatHex(digest.digest()));
    }
  }

  /** Whether they are the same. */
  boolean same() {
    return firstDifference < 0 && fileSize == size;
  }

  /**
   * Makes sure that they are the same.
   *
   * @throws TargetException if they are not
   */
  void check(Path file) {
    if (!same()) {
      throw new TargetException(
          SyncException.failed("compare", file)
              .because("%s", this)
              .advice("This should never happen: please report it."));
    }
  }

  @Override
  public String toString() {
    return same()
        ? "no difference"
        : firstDifference >= 0
            ? "they differ at byte " + firstDifference
            : fileSize + " bytes in place of " + size;
  }

  private static void read(FileChannel channel, long offset, ByteBuffer into) throws IOException {
    while (into.hasRemaining() && channel.read(into, offset + into.position()) >= 0) {
      // goes on until full, or at the end of a file that is too short
    }
  }

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
