// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.target;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A digest of a few parts of a device, which tells no times as a file does. It is another one when
 * another device is in its place, when a file system was made on it or mounted from it, or when it
 * was wiped; a few bytes somewhere in the middle go unnoticed.
 */
final class DeviceSample {
  private static final int BEGIN = 4 << 20;
  private static final int END = 1 << 20;
  private static final int PIECES = 64;
  private static final int PIECE = 4 << 10;

  private DeviceSample() {}

  /**
   * Samples.
   *
   * @param size bytes of the device that count
   * @return size and digest as text; empty if the device is not there or cannot be read
   */
  static Optional<String> of(Path device, long size) {
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
      if (channel.size() < size) {
        return Optional.of("only " + channel.size() + " bytes");
      }
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      add(digest, channel, 0, Math.min(BEGIN, size));
      // the same places every time
      SplittableRandom random = new SplittableRandom(size);
      for (int i = 0; i < PIECES && size > PIECE; i++) {
        add(digest, channel, random.nextLong(size / PIECE) * PIECE, PIECE);
      }
      add(digest, channel, Math.max(0, size - END), Math.min(END, size));
      return Optional.of(
          size + " bytes, sample " + HexFormat.of().formatHex(digest.digest(), 0, 8));
    } catch (IOException e) {
      return Optional.empty();
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  private static void add(MessageDigest digest, FileChannel channel, long offset, long length)
      throws IOException {
    ByteBuffer piece = ByteBuffer.allocate(64 << 10);
    for (long at = offset; at < offset + length; ) {
      piece.clear().limit((int) Math.min(piece.capacity(), offset + length - at));
      int count = channel.read(piece, at);
      if (count < 0) {
        throw new IOException("the device ends at " + at);
      }
      digest.update(piece.flip());
      at += count;
    }
  }
}
