// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.core;

import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import com.oneprocloud.sync.api.storage.ParentLink;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A snapshot whose reads complete on other threads and leave the memory as it is. */
final class UncopiedReader implements SnapshotReader {
  private final SnapshotReader reader;
  private final Executor executor;

  UncopiedReader(SnapshotReader reader, Executor executor) {
    this.reader = reader;
    this.executor = executor;
  }

  @Override
  public CompletableFuture<Void> read(Extents ranges, ByteBuffer into) {
    return CompletableFuture.runAsync(() -> {}, executor);
  }

  @Override
  public Extents diff(@Nullable Snapshot base, long offset, long length) {
    return reader.diff(base, offset, length);
  }

  @Override
  public Snapshot snapshot() {
    return reader.snapshot();
  }

  @Override
  public long size() {
    return reader.size();
  }

  @Override
  public Layout layout() {
    return reader.layout();
  }

  @Override
  public Optional<ParentLink> parent() {
    return reader.parent();
  }

  @Override
  public void close() {}
}
