// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.run;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.chain.ChainStore;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.DigestOutput;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.storage.BlockDigests;
import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.engine.internal.chain.ChainHead;
import com.oneprocloud.sync.engine.internal.digest.BlockLog;
import com.oneprocloud.sync.engine.internal.digest.Blocks;
import com.oneprocloud.sync.engine.internal.digest.Layers;
import com.oneprocloud.sync.engine.internal.digest.LoggedBlocks;
import com.oneprocloud.sync.engine.internal.digest.RecordBuilder;
import com.oneprocloud.sync.engine.internal.digest.Run;
import com.oneprocloud.sync.engine.internal.digest.RunReader;
import com.oneprocloud.sync.engine.internal.digest.RunWriter;
import com.oneprocloud.sync.engine.internal.digest.Runs;
import com.oneprocloud.sync.engine.internal.transfer.Held;
import com.oneprocloud.sync.engine.internal.transfer.Pipeline;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Writes the record of digests of the point that a run is about to commit, out of what its
 * verification reads of the replica.
 *
 * <p>It names the blocks that were verified; those that the run wrote without verifying it names as
 * unknown. It names every block if the run went over all of them, if there is nothing to add to, or
 * if the records that have been added since the last such one would become larger than that: then
 * the others are taken over from those records.
 *
 * <p>Not thread-safe. Closing gives up what was not ended.
 */
final class DigestRecording implements AutoCloseable {
  /** The most records that are read to know all blocks: each takes memory while it is open. */
  private static final int MOST_RECORDS = 64;

  /** The most digests that wait for others that come before them. */
  private static final long MOST_PENDING = 1 << 16;

  private final OpenDisk disk;
  private final Optional<CommittedManifest> head;
  private final long size;
  private final BlockLog log;
  private final boolean complete;
  private final DigestOutput output;
  private final RunWriter writer;
  private final Runs between;
  private final RecordBuilder builder;
  private boolean lost;

  /**
   * Begins a record.
   *
   * @param head the point that the replica held before
   * @param verdict what the run does
   * @param size bytes of the image
   * @param written what it wrote
   */
  DigestRecording(
      OpenDisk disk,
      Optional<CommittedManifest> head,
      Verdict verdict,
      long size,
      Extents written) {
    this.disk = disk;
    this.head = head;
    this.size = size;
    this.log = new BlockLog(size, MOST_PENDING);
    Verification level = disk.resources().settings.verification();
    this.complete = verdict != Verdict.CONTINUE || level == Verification.ALL || due(written, level);
    if (verdict == Verdict.CONTINUE) {
      logBorder(level);
    }
    if (level == Verification.NONE) {
      log.unknown(written);
    }
    ChainStore chains = disk.resources().chains;
    this.output = chains.writeDigests(disk.lease().lease());
    Runs others = null;
    try {
      this.writer = new RunWriter(output, size);
      others = between(verdict);
      this.builder = new RecordBuilder(writer, others, Blocks.count(size));
    } catch (RuntimeException | Error e) {
      close(others, e);
      throw e;
    }
    this.between = others;
  }

  /** Whether the records would become too many, or too large, if another was only added. */
  private boolean due(Extents written, Verification level) {
    Optional<DigestRecord> before = before();
    if (before.isEmpty()) {
      return true;
    }
    Extents touched = Blocks.touched(written, size);
    // a border and what the image grew by besides
    long most = RunWriter.most(Blocks.count(touched.bytes()) + 1, touched.size() + 2L);
    if (level == Verification.ROTATING) {
      // in stripes of 4 MiB
      long share = Blocks.count(size / disk.resources().settings.shares()) + 64;
      most += RunWriter.most(share, share / 64);
    }
    return before.get().bytesSince() + most > before.get().baseBytes()
        || sequence() - before.get().base() >= MOST_RECORDS;
  }

  private Optional<DigestRecord> before() {
    return head.flatMap(it -> it.manifest().digests());
  }

  private long sequence() {
    return ChainHead.nextSequence(head);
  }

  private long held() {
    return ChainHead.size(head);
  }

  /** The last block of the shorter of two sizes has another length in the other. */
  private void logBorder(Verification level) {
    long border = Math.min(held(), size);
    if (held() == size || border % BlockDigests.BLOCK == 0) {
      return;
    }
    Extents block = Extents.of(Extent.data(border - 1, 1));
    if (level == Verification.NONE) {
      log.unknown(block);
    } else {
      reader().read(block, ByteBuffer.allocate(1));
    }
  }

  /** What is said of blocks that the run did not go over. */
  private Runs between(Verdict verdict) {
    long blocks = Blocks.count(size);
    if (verdict != Verdict.CONTINUE) {
      boolean zeros = verdict == Verdict.FULL && disk.replica().clearsToZero();
      return Runs.one(zeros ? Run.Kind.ZEROS : Run.Kind.UNKNOWN, 0, blocks);
    }
    long before = Blocks.count(held());
    Runs grown = Runs.one(Run.Kind.ZEROS, before, blocks - before);
    return complete ? new Layers(List.of(grown, older(blocks))) : grown;
  }

  /** What the records so far say of all blocks. */
  private Runs older(long blocks) {
    if (before().isPresent()) {
      ChainStore chains = disk.resources().chains;
      try {
        List<CommittedManifest> manifests = Layers.manifests(chains, head.orElseThrow());
        manifests.forEach(it -> RunReader.check(chains, it.manifest()));
        return Layers.of(chains, manifests);
      } catch (ChainBrokenException e) {
        // the point is as good without it
        lost = true;
      }
    }
    return Runs.one(Run.Kind.UNKNOWN, 0, blocks);
  }

  /** Reads the replica, for a pass of which this is to keep the digests. */
  Held reader() {
    return new LoggedBlocks(disk.replica(), log);
  }

  /** Takes note of how far a pass is. Waits if it is too far ahead of itself. */
  void reached(Pipeline pipeline) throws InterruptedException {
    log.awaitRoom(pipeline::done, pipeline::failed, builder::add);
  }

  /** Ends the record, and makes it durable. */
  DigestRecord end() {
    log.drain(size, builder::add);
    builder.end();
    output.finish();
    long bytes = writer.bytes();
    if (complete) {
      return new DigestRecord(bytes, writer.sha256(), sequence(), bytes, 0);
    }
    DigestRecord before = before().orElseThrow();
    return new DigestRecord(
        bytes, writer.sha256(), before.base(), before.baseBytes(), before.bytesSince() + bytes);
  }

  /** Whether earlier records were damaged, so that blocks are unknown that were known. */
  boolean lost() {
    return lost;
  }

  @Override
  public void close() {
    try (output) {
      between.close();
    }
  }

  private void close(@Nullable Runs others, Throwable failure) {
    for (AutoCloseable opened : new AutoCloseable[] {others, output}) {
      try {
        if (opened != null) {
          opened.close();
        }
      } catch (Exception e) {
        failure.addSuppressed(e);
      }
    }
  }
}
