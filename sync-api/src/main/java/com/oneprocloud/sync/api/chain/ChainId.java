// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.chain;

import com.oneprocloud.sync.api.target.ReplicaName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Objects;

/**
 * Which chain: of which replica, in which target.
 *
 * @param replica the replica
 * @param target the target's id
 */
public record ChainId(ReplicaName replica, String target) {
  /** Checks that all parts are there. */
  public ChainId {
    Objects.requireNonNull(replica, "replica");
    Objects.requireNonNull(target, "target");
  }

  /** 12 hexadecimal digits that stand for this chain where space is short: in snapshot names. */
  public String brief() {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      for (String part : new String[] {replica.group(), replica.disk(), target}) {
        sha256.update(part.getBytes(StandardCharsets.UTF_8));
        sha256.update((byte) 0);
      }
      return HexFormat.of().formatHex(sha256.digest(), 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
  }

  @Override
  public String toString() {
    return replica + " -> " + target;
  }
}
