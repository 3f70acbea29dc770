// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.transfer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.engine.internal.diff.KnownExtents;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a failure of any kind, at any place, leaves behind: nothing under way, no memory out. */
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class PipelineTest {
  private static final int OBJECT = 64 << 10;
  private static final long SIZE = 20L * OBJECT;

  private final BufferPool buffers = new BufferPool(1 << 20);
  private final SnapshotReader reader = mock(SnapshotReader.class);

  /** Discards what it is given. */
  private static final class Discard implements Pipeline.Stage {
    @Override
    public void data(long offset, ByteBuffer data) {}

    @Override
    public void zero(long offset, long length) {}
  }

  /** Throws from a stage call. */
  private static final class Fail implements Pipeline.Stage {
    private final Error thrown;

    Fail(Error thrown) {
      this.thrown = thrown;
    }

    @Override
    public void data(long offset, ByteBuffer data) {
      throw thrown;
    }

    @Override
    public void zero(long offset, long length) {
      throw thrown;
    }
  }

  private void run(Pipeline.Stage stage) throws InterruptedException {
    when(reader.layout()).thenReturn(new Layout(OBJECT, OBJECT, 1, 1));
    new Pipeline(reader, buffers, Runnable::run, 4, 0, stage)
        .run(KnownExtents.all(SIZE), done -> {});
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aReadThatThrowsEndsTheRun(boolean error) {
    Throwable thrown = error ? new LinkageError("read") : new IllegalStateException("read");
    when(reader.read(any(Extents.class), any())).thenThrow(thrown);
    assertSame(thrown, assertThrows(Throwable.class, () -> run(new Discard())));
    assertEquals(0, buffers.bytesOut());
  }

  @Test
  void aStageThatThrowsEndsTheRun() {
    when(reader.read(any(Extents.class), any()))
        .thenReturn(CompletableFuture.completedFuture(null));
    Error thrown = new LinkageError("write");
    assertSame(thrown, assertThrows(Throwable.class, () -> run(new Fail(thrown))));
    assertEquals(0, buffers.bytesOut());
  }

  @Test
  void aPassThatNothingDisturbsLeavesNothingEither() throws InterruptedException {
    when(reader.read(any(Extents.class), any()))
        .thenReturn(CompletableFuture.completedFuture(null));
    run(new Discard());
    assertEquals(0, buffers.bytesOut());
  }
}
