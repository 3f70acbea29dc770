// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.digest;

import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs in ascending order that do not overlap. Not thread-safe. */
public interface Runs extends AutoCloseable {
  /** The next one; null at the end. */
  @Nullable Run next();

  @Override
  void close();

  /** One run of blocks without digests, or none if it has no block. */
  static Runs one(Run.Kind kind, long first, long count) {
    Iterator<Run> runs =
        (count <= 0 ? List.<Run>of() : List.of(Run.of(kind, first, count))).iterator();
    return new Runs() {
      @Override
      public @Nullable Run next() {
        return runs.hasNext() ? runs.next() : null;
      }

      @Override
      public void close() {}
    };
  }
}
