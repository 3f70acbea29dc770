// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine;

import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * What {@link SyncEngine#reconcile} found: every snapshot that carries the owner's mark. Printing
 * it gives one line each. Immutable.
 *
 * @param snapshots the snapshots, by place and name
 * @param notes what could not be looked at and why, each a sentence
 */
public record ReconcileReport(List<Found> snapshots, List<String> notes) {
  /** Copies the lists. */
  public ReconcileReport {
    snapshots = List.copyOf(snapshots);
    notes = List.copyOf(notes);
  }

  /** What is to be said of a snapshot. */
  public enum State {
    /** A base, a spare base, the snapshot of an open run, or of a chain that cannot be read. */
    NEEDED,
    /** Not needed, but younger than the grace time. */
    YOUNG,
    /** Not needed by its chain: a run that was killed or given up left it. */
    LEAKED,
    /** Its chain is not in the chain store. */
    ORPHANED,
    /** It was not needed and is gone now. */
    REMOVED,
    /** It is not needed and could not be removed. */
    STUCK
  }

  /**
   * One snapshot.
   *
   * @param place where it is: an image, or a cloud's volume
   * @param name its name
   * @param cloudId its id in the cloud, if the cloud took it
   * @param chain its chain, as {@link com.oneprocloud.sync.api.chain.ChainId#brief} writes it
   * @param created when it was taken, if that is known
   * @param state what is to be said of it
   * @param why the reason, a few words
   * @param command what an administrator can run to be rid of it by hand; empty if it is needed or
   *     gone
   */
  public record Found(
      String place,
      String name,
      Optional<String> cloudId,
      String chain,
      Optional<Instant> created,
      State state,
      String why,
      Optional<String> command) {
    /** Checks that all parts are there. */
    public Found {
      Objects.requireNonNull(place, "place");
      Objects.requireNonNull(name, "name");
      Objects.requireNonNull(cloudId, "cloudId");
      Objects.requireNonNull(chain, "chain");
      Objects.requireNonNull(created, "created");
      Objects.requireNonNull(state, "state");
      Objects.requireNonNull(why, "why");
      Objects.requireNonNull(command, "command");
    }

    @Override
    public String toString() {
      return state.name().toLowerCase(Locale.ROOT)
          + " "
          + place
          + "@"
          + name
          + cloudId.map(id -> " (cloud snapshot " + id + ")").orElse("")
          + ": "
          + why
          + command.map(it -> "\n    " + it).orElse("");
    }
  }

  /** The snapshots in a state. */
  public List<Found> in(State state) {
    return snapshots.stream().filter(it -> it.state() == state).toList();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    snapshots.forEach(it -> text.append("  ").append(it).append('\n'));
    notes.forEach(it -> text.append("  ").append(it).append('\n'));
    return text.isEmpty() ? "  no snapshot of ours\n" : text.toString();
  }
}
