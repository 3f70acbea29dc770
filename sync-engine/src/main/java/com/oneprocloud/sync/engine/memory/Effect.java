// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What {@link Faults} do to one operation. Immutable. */
public final class Effect {
  private static final Effect NONE = new Effect(null, null, null, Long.MAX_VALUE, -1);

  private final @Nullable Supplier<SyncException> before;
  private final @Nullable Supplier<SyncException> afterwards;
  private final @Nullable CompletionStage<?> start;
  private final long shortTo;
  private final long flipped;

  private Effect(
      @Nullable Supplier<SyncException> before,
      @Nullable Supplier<SyncException> afterwards,
      @Nullable CompletionStage<?> start,
      long shortTo,
      long flipped) {
    this.before = before;
    this.afterwards = afterwards;
    this.start = start;
    this.shortTo = shortTo;
    this.flipped = flipped;
  }

  /** Nothing: the operation goes through. */
  public static Effect none() {
    return NONE;
  }

  /** The operation fails and does nothing. */
  public static Effect fail(Supplier<SyncException> error) {
    return new Effect(Objects.requireNonNull(error, "error"), null, null, Long.MAX_VALUE, -1);
  }

  /** The operation fails with an I/O error and does nothing. */
  public static Effect fail(Call call) {
    return fail(() -> inputOutputError(call, "the cluster was told to fail"));
  }

  /** The operation takes effect, but its caller gets an error: the answer was lost. */
  public static Effect failAfterwards(Supplier<SyncException> error) {
    return new Effect(null, Objects.requireNonNull(error, "error"), null, Long.MAX_VALUE, -1);
  }

  /**
   * The operation does not start before a stage completes. If that takes longer than the cluster's
   * deadline, it fails with a {@link com.oneprocloud.sync.api.DeadlineException}.
   */
  public static Effect startAfter(CompletionStage<?> stage) {
    return new Effect(null, null, Objects.requireNonNull(stage, "stage"), Long.MAX_VALUE, -1);
  }

  /** A read gets only its first bytes, and so fails with them in the buffer. */
  public static Effect shortRead(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes is negative: " + bytes);
    }
    return new Effect(null, null, null, bytes, -1);
  }

  /**
   * A read, or a digest, succeeds with a wrong byte: one bit of it is flipped.
   *
   * @param index which byte of what is read, from 0; a read of fewer bytes is not affected
   */
  public static Effect flipBit(long index) {
    if (index < 0) {
      throw new IllegalArgumentException("index is negative: " + index);
    }
    return new Effect(null, null, null, Long.MAX_VALUE, index);
  }

  @Nullable CompletionStage<?> start() {
    return start;
  }

  void throwBefore() {
    if (before != null) {
      throw before.get();
    }
  }

  void throwAfterwards() {
    if (afterwards != null) {
      throw afterwards.get();
    }
  }

  long shortTo() {
    return shortTo;
  }

  long flipped() {
    return flipped;
  }

  static StorageException inputOutputError(Call call, String because) {
    return new StorageException(
        SyncException.failed(call.kind().phrase(), call.subject())
            .code("EIO")
            .because("%s (offset %d, %d bytes)", because, call.offset(), call.length()));
  }

  static CompletableFuture<?> done(@Nullable CompletionStage<?> stage) {
    return stage == null ? CompletableFuture.completedFuture(null) : stage.toCompletableFuture();
  }
}
