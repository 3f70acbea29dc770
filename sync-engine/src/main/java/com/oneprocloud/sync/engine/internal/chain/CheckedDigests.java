// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.chain;

import com.oneprocloud.sync.api.ChainBrokenException;
import com.oneprocloud.sync.api.chain.DigestInput;
import com.oneprocloud.sync.api.chain.DigestRecord;
import com.oneprocloud.sync.api.chain.Manifest;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.HexFormat;

/** A record of digests that is held to what its manifest says, as it is read. Not thread-safe. */
public final class CheckedDigests implements DigestInput {
  private final Manifest manifest;
  private final DigestRecord expected;
  private final DigestInput record;
  private final MessageDigest sha256 = ManifestRecord.sha256();
  private long left;

  /**
   * A record.
   *
   * @param manifest whose record it is
   * @param record its bytes; belongs to this
   */
  public CheckedDigests(Manifest manifest, DigestInput record) {
    this.manifest = manifest;
    this.expected = expected(manifest);
    this.record = record;
    this.left = expected.bytes();
  }

  /**
   * What a manifest says of its digests.
   *
   * @throws IllegalArgumentException if it has none
   */
  public static DigestRecord expected(Manifest manifest) {
    return manifest
        .digests()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "#" + manifest.sequence() + " of " + manifest.chain() + " has no digests"));
  }

  /** The error for a record that is not there. */
  public static ChainBrokenException missing(Manifest manifest) {
    return Refusals.digests(manifest, "its record of digests is missing");
  }

  @Override
  public int read(ByteBuffer into) {
    ByteBuffer got = into.duplicate();
    int count = record.read(into);
    if (count >= 0) {
      left -= count;
      if (left >= 0) {
        sha256.update(got.limit(got.position() + count));
        return count;
      }
    }
    if (left != 0 || !HexFormat.of().formatHex(sha256.digest()).equals(expected.sha256())) {
      throw Refusals.digests(manifest, "its record of digests was changed");
    }
    return -1;
  }

  @Override
  public void close() {
    record.close();
  }
}
