// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;

/**
 * A manifest with the hash that it is known by.
 *
 * @param manifest the manifest
 * @param hash its hash
 */
public record CommittedManifest(Manifest manifest, ManifestHash hash) {
  /** Checks that all parts are there. */
  public CommittedManifest {
    Objects.requireNonNull(manifest, "manifest");
    Objects.requireNonNull(hash, "hash");
  }
}
