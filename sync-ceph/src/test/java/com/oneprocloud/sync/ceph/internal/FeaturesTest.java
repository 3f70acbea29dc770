// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import org.junit.jupiter.api.Test;

final class FeaturesTest {
  @Test
  void haveTheNamesOfTheRbdCommand() {
    assertEquals(Set.of(), Features.names(0));
    assertEquals(
        Set.of("layering", "exclusive-lock", "object-map", "fast-diff", "deep-flatten"),
        Features.names(61));
    assertEquals(Set.of("striping", "data-pool", "migrating"), Features.names(2 | 128 | 512));
    assertEquals(Set.of("dirty-cache", "bit-12", "bit-63"), Features.names(2048 | 4096 | 1L << 63));
  }
}
