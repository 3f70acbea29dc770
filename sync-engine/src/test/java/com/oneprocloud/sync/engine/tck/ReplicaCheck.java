// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.tck;

import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Compares a replica in a file with its snapshot, read by another way than the engine's. */
public final class ReplicaCheck {
  private static final int PIECE = 4 << 20;

  private ReplicaCheck() {}

  /**
   * Compares every byte.
   *
   * @param replica the raw file
   * @param image the image
   * @param snapshot the snapshot's name
   * @param size bytes of the snapshot
   * @throws AssertionError if a byte differs, or the size
   */
  public static void assertEqual(Path replica, WritableImage image, String snapshot, long size) {
    ByteBuffer held = ByteBuffer.allocateDirect(PIECE);
    ByteBuffer expected = ByteBuffer.allocate(PIECE);
    try (FileChannel file = FileChannel.open(replica)) {
      if (file.size() != size) {
        throw new AssertionError(
            "the replica has " + file.size() + " bytes, @" + snapshot + " has " + size);
      }
      for (long at = 0; at < size; at += PIECE) {
        int length = (int) Math.min(PIECE, size - at);
        image.read(snapshot, at, expected.clear().limit(length));
        readFully(file, at, held.clear().limit(length));
        int differs = held.flip().mismatch(expected.flip());
        if (differs >= 0) {
          throw new AssertionError(
              "the replica differs from @" + snapshot + " at " + (at + differs));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void readFully(FileChannel file, long offset, ByteBuffer into) throws IOException {
    long at = offset;
    while (into.hasRemaining()) {
      int count = file.read(into, at);
      if (count < 0) {
        throw new AssertionError("the replica ends at " + at);
      }
      at += count;
    }
  }
}
