// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The command line: flags, and options that take a value. Immutable. */
final class Options {
  static final String HELP =
      """
      benchmarks/quickstart [--keep]
        Replicates a disk of a cluster in memory while a guest keeps writing to it: a full run, two
        incremental ones, and a comparison of every byte. Needs nothing else; takes seconds.
          --keep                 leave the folder with replica and chain

      benchmarks/quickstart --ceph FILE --user client.NAME --image POOL/IMAGE --target DIR
      benchmarks/quickstart --ceph FILE --user client.NAME --cloud NAME --server NAME --target DIR
        Replicates a real image, or all disks of a server. Reads them through snapshots, never writes
        to them. Run it again: the second run is incremental.
          --ceph FILE            the ceph.conf; its keyring setting or default keyring holds the keys
          --user NAME            the Ceph user that reads
          --snapshot-user NAME   the Ceph user that makes and removes snapshots     [that of --user]
          --image POOL/IMAGE     the image; POOL/NAMESPACE/IMAGE in a namespace
          --cloud NAME           the cloud, as clouds.yaml names it
          --server NAME          the server, by name or id
          --pools TYPE=POOL,...  where images are; types: volume types, DEFAULT_VOLUME_TYPE,
                                 CEPH_GLANCE_VMS   [searched for in all pools that --user may read]
          --cinder-snapshots     Cinder makes the snapshots of volumes, not --snapshot-user
          --target DIR           where the replicas are, or will be
          --chains DIR           where the chains are kept                     [.chains in --target]
          --owner NAME           marks the snapshots as yours                           [quickstart]
          --mode MODE            auto, resync (compare all) or full                           [auto]
          --verify LEVEL         none, changed, rotating or all: compared before a commit [changed]
          --plan                 only print the plan
          --check                afterwards compare every byte once more, print its sha256
          --write-demo NAME      WRITES to the images as this Ceph user, by `rbd bench`, and makes two
                                 more points: for images of a lab, whose content is lost

      benchmarks/quickstart --offline --target DIR [--chains DIR]
        Holds all replicas of a folder against the digests in their chains. Needs no cluster.

        --debug                  print the stack trace of an error
      Exit code: 0 done, 1 failed, 2 wrong usage.
      """;

  private static final Set<String> FLAGS =
      Set.of("help", "keep", "plan", "check", "cinder-snapshots", "offline", "debug");
  private static final Set<String> WITH_VALUE =
      Set.of(
          "ceph",
          "user",
          "snapshot-user",
          "image",
          "cloud",
          "server",
          "pools",
          "target",
          "chains",
          "owner",
          "mode",
          "verify",
          "write-demo");

  private final Map<String, String> given;

  private Options(Map<String, String> given) {
    this.given = given;
  }

  /**
   * Reads a command line.
   *
   * @throws UsageException if it makes no sense
   */
  static Options parse(String... arguments) {
    Map<String, String> given = new LinkedHashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      String argument = arguments[i].equals("-h") ? "--help" : arguments[i];
      String name = argument.startsWith("--") ? argument.substring(2) : "";
      String value = "";
      int equals = name.indexOf('=');
      if (equals > 0 && WITH_VALUE.contains(name.substring(0, equals))) {
        value = name.substring(equals + 1);
        name = name.substring(0, equals);
      } else if (WITH_VALUE.contains(name)) {
        if (i + 1 == arguments.length) {
          throw new UsageException("--" + name + " needs a value");
        }
        value = arguments[++i];
      } else if (!FLAGS.contains(name)) {
        throw new UsageException("unknown option " + arguments[i]);
      }
      if (given.put(name, value) != null) {
        throw new UsageException("--" + name + " is given twice");
      }
    }
    Options options = new Options(given);
    options.check();
    return options;
  }

  /** Whether a flag is there. */
  boolean has(String flag) {
    return given.containsKey(flag);
  }

  /** The value of an option, if it is there. */
  Optional<String> value(String option) {
    return Optional.ofNullable(given.get(option));
  }

  /**
   * The value of an option that has to be there.
   *
   * @throws UsageException if it is not
   */
  String required(String option) {
    return value(option)
        .filter(value -> !value.isEmpty())
        .orElseThrow(() -> new UsageException("--" + option + " is missing"));
  }

  private void check() {
    if (has("help")) {
      return;
    }
    if (has("offline")) {
      refuse(Set.of("offline", "target", "chains", "debug"), "cannot be used with --offline");
    } else if (!has("ceph")) {
      refuse(Set.of("keep", "debug"), "can only be used with --ceph FILE");
    }
  }

  private void refuse(Set<String> allowed, String why) {
    Set<String> lost = new TreeSet<>(given.keySet());
    lost.removeAll(allowed);
    if (!lost.isEmpty()) {
      throw new UsageException("--" + String.join(", --", lost) + " " + why);
    }
  }

  /** The command line makes no sense. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }
}
