// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.Manifest;
import com.oneprocloud.sync.api.chain.ManifestHash;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Goes through a chain from a manifest back, and holds each to the hash its successor has of it.
 */
public final class ChainWalk {
  private ChainWalk() {}

  /**
   * Reads the manifest of a sequence number.
   *
   * @param <E> what it throws if it cannot read
   */
  public interface Source<E extends Exception> {
    /** Reads it, or finds that there is none. */
    Optional<CommittedManifest> read(long sequence) throws E;
  }

  /**
   * The manifests from the newest on.
   *
   * @param head the newest
   * @param most how many at the most
   * @throws ChainBrokenException if one is missing or was changed
   */
  public static <E extends Exception> List<CommittedManifest> from(
      Optional<CommittedManifest> head, int most, Source<E> source) throws E {
    List<CommittedManifest> manifests = new ArrayList<>();
    Optional<CommittedManifest> next = head;
    while (next.isPresent() && manifests.size() < most) {
      manifests.add(next.get());
      next = manifests.size() < most ? before(next.get().manifest(), source) : Optional.empty();
    }
    return manifests;
  }

  private static <E extends Exception> Optional<CommittedManifest> before(
      Manifest manifest, Source<E> source) throws E {
    Optional<ManifestHash> previous = manifest.previous();
    if (previous.isEmpty()) {
      return Optional.empty();
    }
    CommittedManifest older =
        source
            .read(manifest.sequence() - 1)
            .orElseThrow(() -> Refusals.broken(manifest, "its predecessor is missing"));
    if (!older.hash().equals(previous.get())) {
      throw Refusals.broken(manifest, "its predecessor was changed");
    }
    return Optional.of(older);
  }
}
