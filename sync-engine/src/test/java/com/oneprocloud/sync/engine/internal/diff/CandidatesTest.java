// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.diff;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.oneprocloud.sync.api.storage.Extent;
import com.oneprocloud.sync.api.storage.Extents;
import com.oneprocloud.sync.api.storage.Layout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class CandidatesTest {
  private static final long MIB = 1 << 20;

  private static List<Long> ends(Candidates candidates, long size) {
    List<Long> ends = new ArrayList<>();
    for (long offset = 0; offset < size; ) {
      Candidates.Part part = candidates.from(offset);
      assertEquals(Extents.of(Extent.data(offset, part.end() - offset)), part.ask());
      offset = part.end();
      ends.add(offset / MIB);
    }
    return ends;
  }

  @Test
  void theFirstPartsAreSmallSoThatDataMovesSoon() {
    long size = 10_000 * MIB;
    Layout layout = new Layout(4 * MIB, 4 * MIB, 1, 1);
    List<Long> ends = List.of(128L, 256L, 512L, 1024L, 2048L, 4096L, 8192L, 10_000L);
    assertEquals(ends, ends(Candidates.all(size, layout), size));
  }

  @Test
  void aPartHoldsWholePeriods() {
    Layout layout = new Layout(32 * MIB, MIB, 7, 1);
    List<Long> ends = ends(Candidates.all(1000 * MIB, layout), 1000 * MIB);
    assertEquals(List.of(224L, 448L, 896L, 1000L), ends);
  }
}
