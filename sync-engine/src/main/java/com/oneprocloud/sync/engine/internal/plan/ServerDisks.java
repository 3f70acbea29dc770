// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.plan;

import com.oneprocloud.sync.api.Consistency;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.inventory.Disk;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.Volume;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What is to be known of a server's disks before they are replicated. */
public final class ServerDisks {
  /** States in which Cinder takes a snapshot. */
  private static final Set<String> SNAPSHOT_STATES =
      Set.of("available", "in-use", "backing-up", "maintenance");

  private ServerDisks() {}

  /** Whether the content of a disk is worth moving. */
  public static boolean worthMoving(Disk disk) {
    return disk.kind() != Disk.Kind.SWAP && disk.kind() != Disk.Kind.CONFIG_DRIVE;
  }

  /** What keeps a server from being replicated. */
  public static List<Fault> faults(Server server, List<Disk> disks) {
    List<Fault> faults = new ArrayList<>();
    if (server.status().equals("UNKNOWN") || server.status().equals("DELETED")) {
      faults.add(
          new Fault(
              "server " + server.id(),
              "its status is " + server.status(),
              "Wait until its compute cell answers again, or choose another server."));
    }
    if (disks.stream().noneMatch(ServerDisks::worthMoving)) {
      faults.add(
          new Fault(
              "server " + server.id(),
              "it has no disk that could be replicated",
              "Check that the user may see its volumes."));
    }
    for (Disk disk : disks) {
      disk.volume()
          .filter(volume -> !SNAPSHOT_STATES.contains(volume.status()))
          .ifPresent(
              volume ->
                  faults.add(
                      new Fault(
                          "volume " + volume.id(),
                          "its status is "
                              + volume.status()
                              + ", so no snapshot can be taken of it",
                          "Wait until the operation on it has ended, or reset its state.")));
    }
    return faults;
  }

  /** The consistency of so many disks, each by itself. */
  public static Consistency consistency(int disks) {
    return disks == 1 ? Consistency.CRASH_CONSISTENT : Consistency.CRASH_CONSISTENT_PER_DISK;
  }

  /** What a person should know of a disk. */
  public static List<String> notes(Disk disk) {
    List<String> notes = new ArrayList<>();
    if (disk.volume().filter(Volume::encrypted).isPresent()) {
      notes.add(
          "The volume is encrypted: the replica holds ciphertext and needs the volume's key.");
    }
    if (disk.volume().filter(Volume::multiattach).isPresent()) {
      notes.add(
          "The volume can be attached to several servers: it is replicated with each of them.");
    }
    disk.volume()
        .flatMap(Volume::migrationStatus)
        .filter(status -> !status.equals("success") && !status.equals("none"))
        .ifPresent(status -> notes.add("The volume's migration status is " + status + "."));
    if (disk.kind() == Disk.Kind.EPHEMERAL) {
      notes.add("The disk is ephemeral: the cloud deletes it with the server.");
    }
    return notes;
  }
}
