// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.storage.BlockDigests;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The runs of a manifest's record of digests, one in memory at a time. They are to be relied on
 * once the end was reached: only then is the record known to be the one that the manifest names.
 */
public final class RunReader implements Runs {
  private final Manifest manifest;
  private final DigestInput input;
  private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10).limit(0);
  private final long blocks;
  private long next;

  private RunReader(Manifest manifest, DigestInput input) {
    this.manifest = manifest;
    this.input = input;
    this.blocks = Blocks.count(manifest.size());
  }

  /**
   * Opens the record of a manifest.
   *
   * @throws ChainBrokenException if it is missing or another one
   * @throws UnsupportedException if a later version wrote it
   */
  public static RunReader open(ChainStore chains, Manifest manifest) {
    return of(manifest, chains.readDigests(manifest));
  }

  /** The runs of a record; it belongs to the reader. */
  static RunReader of(Manifest manifest, DigestInput record) {
    RunReader reader = new RunReader(manifest, record);
    try {
      reader.begin();
      return reader;
    } catch (RuntimeException | Error e) {
      reader.close();
      throw e;
    }
  }

  /**
   * Reads a record to its end, for its hash.
   *
   * @throws ChainBrokenException if it is missing or another one
   */
  public static void check(ChainStore chains, Manifest manifest) {
    ByteBuffer into = ByteBuffer.allocate(64 << 10);
    try (DigestInput input = chains.readDigests(manifest)) {
      while (input.read(into.clear()) >= 0) {
        // only the end tells
      }
    }
  }

  private void begin() {
    if (!fill(20)) {
      throw damaged("it ends before it begins");
    }
    long header = buffer.getLong();
    if (header != RunWriter.HEADER && header >>> 8 == RunWriter.HEADER >>> 8) {
      throw new UnsupportedException(
          SyncException.failed("read digests", place())
              .because("they have format %d, this version reads format 1", header & 0xff)
              .advice("Use the version of this SDK that wrote them, or a later one."));
    }
    if (header != RunWriter.HEADER
        || buffer.getLong() != manifest.size()
        || buffer.getInt() != BlockDigests.BLOCK) {
      throw damaged("it is not one of this image");
    }
  }

  @Override
  public @Nullable Run next() {
    if (!fill(16)) {
      return null;
    }
    long head = buffer.getLong();
    long first = buffer.getLong();
    long count = head & (1L << 56) - 1;
    Run.Kind kind = Run.Kind.of((int) (head >>> 56));
    if (kind == null || count == 0 || first < next || first > blocks || count > blocks - first) {
      throw damaged("a run of it makes no sense");
    }
    next = first + count;
    if (kind != Run.Kind.DIGESTS) {
      return Run.of(kind, first, count);
    }
    if (count > RunWriter.MOST_DIGESTS) {
      throw damaged("a run of it is too long");
    }
    long[] digests = new long[(int) count];
    for (int i = 0; i < digests.length; i++) {
      if (!fill(8)) {
        throw damaged("it ends in a run");
      }
      digests[i] = buffer.getLong();
    }
    return Run.of(first, digests);
  }

  /** Makes so many bytes available; false if it ends just before them. */
  private boolean fill(int bytes) {
    while (buffer.remaining() < bytes) {
      buffer.compact();
      int count = input.read(buffer);
      buffer.flip();
      if (count < 0) {
        if (buffer.hasRemaining()) {
          throw damaged("it ends in a run");
        }
        return false;
      }
    }
    return true;
  }

  private ChainBrokenException damaged(String why) {
    return new ChainBrokenException(
        SyncException.failed("read digests", place())
            .because("the record is damaged: " + why)
            .advice("Restore the chain store from its backup, or run with Verification.ALL."));
  }

  private String place() {
    return manifest.chain() + " #" + manifest.sequence();
  }

  @Override
  public void close() {
    input.close();
  }
}
