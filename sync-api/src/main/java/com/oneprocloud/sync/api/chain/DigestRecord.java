// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import java.util.Objects;

/**
 * The record of digests that belongs to a manifest: what the blocks of the replica digest to at its
 * point. It is kept beside the manifest, because it is large, and held to it by its hash.
 *
 * <p>A record names the blocks that its run changed or compared. Together with the records before
 * it, back to one that names every block, it tells what all of the replica should be. Records
 * before that one are not needed any more.
 *
 * @param bytes its length
 * @param sha256 the SHA-256 of its bytes, 64 hexadecimal digits, lower case
 * @param base the sequence number of the newest manifest, up to its own, whose record names every
 *     block
 * @param baseBytes the length of the record of {@code base}
 * @param bytesSince the length of all records after {@code base}, its own included; 0 if {@code
 *     base} is its own manifest
 */
public record DigestRecord(long bytes, String sha256, long base, long baseBytes, long bytesSince) {
  /** Checks the ranges. */
  public DigestRecord {
    if (!Objects.requireNonNull(sha256, "sha256").matches("[0-9a-f]{64}")) {
      throw new IllegalArgumentException("no SHA-256 in hexadecimal: " + sha256);
    }
    boolean own = bytesSince == 0 && baseBytes == bytes;
    boolean added = bytesSince >= bytes && baseBytes > 0;
    if (bytes <= 0 || base < 0 || !(own || added)) {
      throw new IllegalArgumentException(
          bytes + " bytes, " + bytesSince + " since those of #" + base + ", " + baseBytes);
    }
  }

  /** Whether it names every block, so that no record before it is needed. */
  public boolean complete() {
    return bytesSince == 0;
  }
}
