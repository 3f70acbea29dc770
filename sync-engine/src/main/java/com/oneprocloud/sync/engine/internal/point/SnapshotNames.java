// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.RunId;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of our own snapshots: {@code sync.<owner>.<chain>.<sequence>.<run>}. The name is the only
 * mark that a snapshot of an image can carry, so it tells whose it is; nothing is removed whose
 * name does not begin with owner and chain.
 */
public final class SnapshotNames {
  private static final Pattern FORM =
      Pattern.compile("sync\\.([A-Za-z0-9_-]{1,32})\\.([0-9a-f]{12})\\.\\d{1,19}\\.[0-9a-f]{8}");

  private final String prefix;

  /**
   * The names of one owner's chain.
   *
   * @param owner letters, digits, '-' and '_'
   * @param chain the chain
   */
  public SnapshotNames(String owner, ChainId chain) {
    this.prefix = "sync." + owner + "." + chain.brief() + ".";
  }

  /** A name for a new snapshot; different for each run. */
  public String name(long sequence, RunId run) {
    return prefix + sequence + "." + run.brief();
  }

  /** Whether a snapshot of that name is ours and of this chain. */
  public boolean own(String name) {
    return name.startsWith(prefix);
  }

  /**
   * The chain of a snapshot of that name, as {@link ChainId#brief} writes it; empty if the name is
   * not one that this owner gives.
   */
  static Optional<String> chainOf(String owner, String name) {
    Matcher form = FORM.matcher(name);
    return form.matches() && form.group(1).equals(owner)
        ? Optional.of(form.group(2))
        : Optional.empty();
  }
}
