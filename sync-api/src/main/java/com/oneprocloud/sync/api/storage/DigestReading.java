// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Digests by reading: as much as the memory holds at a time, one read after the other. */
final class DigestReading {
  private final CompletableFuture<BlockDigests> future = new CompletableFuture<>();
  private final Extents ranges;
  private final ByteBuffer scratch;
  private final BlockDigests.Reader reader;
  private final long[] digests;
  private final long[] offsets;
  private final int[] lengths;
  private int done;
  private long bytesRead;

  DigestReading(Extents ranges, ByteBuffer scratch, BlockDigests.Reader reader) {
    this.ranges = ranges;
    this.scratch = scratch;
    this.reader = reader;
    this.digests = new long[BlockDigests.count(ranges)];
    this.offsets = new long[digests.length];
    this.lengths = new int[digests.length];
    BlockDigests.cut(
        ranges,
        (index, offset, length) -> {
          offsets[index] = offset;
          lengths[index] = length;
        });
  }

  CompletableFuture<BlockDigests> future() {
    return future;
  }

  /** Reads on until a read has to be waited for; goes on from there when it is done. */
  void start() {
    while (done < digests.length) {
      int end = done;
      int bytes = 0;
      Extents.Builder piece = Extents.builder();
      while (end < digests.length && bytes + lengths[end] <= scratch.remaining()) {
        piece.add(offsets[end], lengths[end], false);
        bytes += lengths[end];
        end++;
      }
      ByteBuffer into = scratch.slice(scratch.position(), bytes);
      CompletableFuture<Void> read;
      try {
        read = reader.read(piece.build(), into);
      } catch (RuntimeException | Error e) {
        if (done == 0) {
          // nothing is under way: refused, as a read is
          throw e;
        }
        future.completeExceptionally(e);
        return;
      }
      int until = end;
      if (!read.isDone()) {
        CompletableFuture<Void> unused =
            read.whenComplete(
                (nothing, failure) -> {
                  if (arrived(into, until, failure)) {
                    start();
                  }
                });
        return;
      }
      if (!arrived(into, until, failure(read))) {
        return;
      }
    }
    future.complete(new BlockDigests(ranges, digests, bytesRead));
  }

  private boolean arrived(ByteBuffer data, int until, @Nullable Throwable failure) {
    if (failure != null) {
      future.completeExceptionally(
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure);
      return false;
    }
    int at = 0;
    for (; done < until; done++) {
      digests[done] = XxHash64.of(data, at, lengths[done]);
      at += lengths[done];
    }
    bytesRead += at;
    return true;
  }

  private static @Nullable Throwable failure(CompletableFuture<Void> read) {
    try {
      read.join();
      return null;
    } catch (RuntimeException e) {
      return e;
    }
  }
}
