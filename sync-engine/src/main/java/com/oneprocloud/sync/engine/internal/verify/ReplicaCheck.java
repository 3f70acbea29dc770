// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.verify;

import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.XxHash64;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.engine.internal.digest.Blocks;
import com.oneprocloud.sync.engine.internal.digest.Layers;
import com.oneprocloud.sync.engine.internal.digest.Run;
import com.oneprocloud.sync.engine.internal.transfer.ExtentLog;
import java.nio.ByteBuffer;
import java.util.List;

/** Reads a replica from its start to its end, and holds it against digests. Not thread-safe. */
public final class ReplicaCheck {
  private static final int BLOCK = BlockDigests.BLOCK;
  private static final int PIECE = 1 << 20;

  private final Replica replica;
  private final long size;
  private final long held;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
  private final ExtentLog differing = new ExtentLog();
  private long bytesChecked;
  private long bytesUnknown;

  /**
   * A check.
   *
   * @param size bytes that the replica should have
   */
  public ReplicaCheck(Replica replica, long size) {
    this.replica = replica;
    this.size = size;
    this.held = replica.size();
  }

  /**
   * Checks.
   *
   * @param manifests whose records together name every block, the newest first
   * @throws com.oneprocloud.sync.api.ChainBrokenException if a record is not the manifest's; then
   *     what was found counts for nothing
   */
  public void run(ChainStore chains, List<CommittedManifest> manifests)
      throws InterruptedException {
    long blocks = Blocks.count(size);
    long next = 0;
    try (Layers layers = Layers.of(chains, manifests)) {
      // beyond the last block too: a record is known to be whole at its end
      for (Run run = layers.next(); run != null; run = layers.next()) {
        long end = Math.min(run.end(), blocks);
        if (run.first() < end) {
          bytesUnknown += length(next, run.first());
          check(run, end);
          next = end;
        }
      }
    }
    bytesUnknown += length(next, blocks);
  }

  /** Bytes that were compared. */
  public long bytesChecked() {
    return bytesChecked;
  }

  /** Bytes that no record has digests of. */
  public long bytesUnknown() {
    return bytesUnknown;
  }

  /** Whole blocks that differ; where there are very many, what lies between them too. */
  public Extents differing() {
    return differing.extents();
  }

  private long length(long first, long end) {
    return Math.min(size, end * BLOCK) - Math.min(size, first * BLOCK);
  }

  private void check(Run run, long end) throws InterruptedException {
    if (run.kind() == Run.Kind.UNKNOWN) {
      bytesUnknown += length(run.first(), end);
      return;
    }
    for (long first = run.first(); first < end; first += PIECE / BLOCK) {
      if (Thread.interrupted()) {
        throw new InterruptedException("interrupted while checking " + replica);
      }
      checkPiece(run, first, Math.min(end, first + PIECE / BLOCK));
    }
    bytesChecked += length(run.first(), end);
  }

  private void checkPiece(Run run, long first, long end) {
    long offset = first * BLOCK;
    int there = (int) Math.max(0, Math.min(held - offset, length(first, end)));
    buffer.clear().limit(there);
    if (there > 0) {
      replica.read(offset, buffer);
    }
    for (long block = first; block < end; block++) {
      int length = Blocks.length(block, size);
      int at = (int) (block - first) * BLOCK;
      if (at + length > there || !holds(run, block, at, length)) {
        differing.add(Extents.of(Extent.data(block * BLOCK, length)));
      }
    }
  }

  private boolean holds(Run run, long block, int at, int length) {
    long digest = XxHash64.of(buffer, at, length);
    return digest
        == (run.kind() == Run.Kind.ZEROS ? BlockDigests.ofZeros(length) : run.digest(block));
  }
}
