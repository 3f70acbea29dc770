// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;

/**
 * The SHA-256 of a manifest's record, by which later manifests and replicas refer to it.
 *
 * @param hex 64 hexadecimal digits, lower case
 */
public record ManifestHash(String hex) {
  /** Checks the form. */
  public ManifestHash {
    if (!Objects.requireNonNull(hex, "hex").matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("no SHA-256 in hexadecimal: " + hex);
    }
  }

  /** The first 12 digits, for people. */
  public String brief() {
    return hex.substring(0, 12);
  }

  @Override
  public String toString() {
    return hex;
  }
}
