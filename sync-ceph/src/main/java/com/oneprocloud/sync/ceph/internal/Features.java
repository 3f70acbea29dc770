// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal;

import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** The features of an image by the names that the rbd command uses. */
final class Features {
  private static final List<String> NAMES =
      List.of(
          "layering",
          "striping",
          "exclusive-lock",
          "object-map",
          "fast-diff",
          "deep-flatten",
          "journaling",
          "data-pool",
          "operations",
          "migrating",
          "non-primary",
          "dirty-cache");

  private Features() {}

  /** The names of the bits that are set, sorted; {@code "bit-12"} for one without a name here. */
  static Set<String> names(long bits) {
    Set<String> names = new TreeSet<>();
    for (int bit = 0; bit < Long.SIZE; bit++) {
      if ((bits >>> bit & 1) == 1) {
        names.add(bit < NAMES.size() ? NAMES.get(bit) : "bit-" + bit);
      }
    }
    return Collections.unmodifiableSet(names);
  }
}
