// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import com.oneprocloud.sync.api.Bytes;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.storage.Extents;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an {@link OfflineCheck} found.
 *
 * @param point the point that the replica was held against
 * @param bytesChecked bytes that were compared, those that differ included
 * @param bytesUnknown bytes that the chain has no digest of: they were written without
 *     verification, or by a version of this SDK that recorded none
 * @param differing whole blocks that differ; where there are very many, what lies between them too
 * @param changed what the target tells of changes by others since the point, if it does; a copy of
 *     a file with another time is such a change
 */
public record OfflineReport(
    CommittedManifest point,
    long bytesChecked,
    long bytesUnknown,
    Extents differing,
    Optional<String> changed) {
  private static final int MOST_PLACES = 10;

  /** Checks that all parts are there. */
  public OfflineReport {
    Objects.requireNonNull(point, "point");
    Objects.requireNonNull(differing, "differing");
    Objects.requireNonNull(changed, "changed");
  }

  /** Whether every byte was compared and none differs. */
  public boolean intact() {
    return differing.isEmpty() && bytesUnknown == 0;
  }

  /** A few lines for people. */
  @Override
  public String toString() {
    Manifest manifest = point.manifest();
    List<String> lines = new ArrayList<>();
    lines.add(
        manifest.chain()
            + ", point #"
            + manifest.sequence()
            + " of "
            + manifest.committed()
            + ": "
            + Bytes.text(bytesChecked)
            + " checked, "
            + (differing.isEmpty() ? "no difference" : Bytes.text(differing.bytes()) + " differ")
            + (bytesUnknown == 0 ? "" : ", " + Bytes.text(bytesUnknown) + " unknown"));
    changed.ifPresent(how -> lines.add("  changed by somebody else: " + how));
    differing.stream()
        .limit(MOST_PLACES)
        .forEach(it -> lines.add("  differs: " + it.length() + " bytes at " + it.offset()));
    if (differing.size() > MOST_PLACES) {
      lines.add("  and " + (differing.size() - MOST_PLACES) + " places more");
    }
    return String.join(System.lineSeparator(), lines);
  }
}
