// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Locale;
import java.util.Optional;

/** Which of a service's endpoints in the catalog to use. */
public enum EndpointInterface {
  /** For everybody. */
  PUBLIC,
  /** For the cloud's own network. */
  INTERNAL,
  /** For administrators; rarely different from the others today. */
  ADMIN;

  /** The interface of this word, with or without {@code URL} behind it, in any case. */
  public static Optional<EndpointInterface> of(String word) {
    String bare = word.toUpperCase(Locale.ROOT);
    if (bare.endsWith("URL")) {
      bare = bare.substring(0, bare.length() - 3);
    }
    for (EndpointInterface it : values()) {
      if (it.name().equals(bare)) {
        return Optional.of(it);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
