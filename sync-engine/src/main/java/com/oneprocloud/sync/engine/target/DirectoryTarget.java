// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.target;

import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.engine.internal.chain.DurableFiles;
import com.oneprocloud.sync.engine.internal.chain.FileNames;
import com.oneprocloud.sync.engine.internal.target.FileReplica;
import com.oneprocloud.sync.engine.internal.target.ReplicaRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A directory of sparse raw files: {@code <group>/<disk>.raw}, each with a record {@code
 * <disk>.replica.json} beside it.
 *
 * <p>Ranges of zeros that were never written stay holes. Data that is discarded later becomes zeros
 * on the target, but keeps its space: Java has no call that punches a hole.
 */
public final class DirectoryTarget implements Target {
  private final Path root;

  private DirectoryTarget(Path root) {
    this.root = root;
  }

  /**
   * A target in a directory, which is made when the first replica is.
   *
   * @param root the directory; its absolute path is the target's id, so it must not be moved
   *     between runs
   */
  public static DirectoryTarget at(Path root) {
    return new DirectoryTarget(root.toAbsolutePath().normalize());
  }

  /** The raw file of a replica, whether it exists or not. */
  public Path file(ReplicaName name) {
    return beside(name, ".raw");
  }

  @Override
  public String id() {
    return "directory:" + root;
  }

  @Override
  public List<Fault> check(ReplicaName name, long size) {
    List<Fault> faults = new ArrayList<>();
    Path existing = root;
    while (!Files.exists(existing) && existing.getParent() != null) {
      existing = existing.getParent();
    }
    if (!Files.isDirectory(existing)) {
      faults.add(new Fault(id(), existing + " is not a directory", "Give a directory."));
    } else if (!Files.isWritable(existing)) {
      faults.add(
          new Fault(
              id(),
              existing + " cannot be written",
              "Let this user write there, or give another."));
    }
    Path file = file(name);
    if (Files.exists(file) && !record(name).exists()) {
      faults.add(
          new Fault(
              id(),
              file + " exists and is not recorded as a replica",
              "Move it away: it would be overwritten."));
    } else if (Files.exists(file) && !Files.isWritable(file)) {
      faults.add(new Fault(id(), file + " cannot be written", "Let this user write to it."));
    }
    return faults;
  }

  @Override
  public ReplicaState state(ReplicaName name) {
    return Files.exists(file(name)) ? record(name).read() : new ReplicaState.Empty();
  }

  @Override
  public Replica open(ReplicaName name) {
    Path file = file(name);
    try {
      DurableFiles.createDirectories(root.resolve(FileNames.encode(name.group())));
      if (Files.exists(file)) {
        checkOurs(name, file);
      } else {
        // so that a file without a record is always somebody else's
        record(name).write(new ReplicaState.Empty());
      }
    } catch (IOException e) {
      throw new TargetException(
          SyncException.failed("make directory", file)
              .because("%s: %s", e.getClass().getSimpleName(), String.valueOf(e.getMessage()))
              .advice("Check that the target's directory may be written.")
              .cause(e));
    }
    return FileReplica.open(file, false, record(name));
  }

  @Override
  public Replica openToRead(ReplicaName name) {
    return FileReplica.openToRead(file(name), false, record(name));
  }

  private void checkOurs(ReplicaName name, Path file) {
    if (!record(name).exists()) {
      throw new TargetException(
          SyncException.failed("open replica", file)
              .because("the file exists and is not recorded as a replica")
              .advice("Move it away: it would be overwritten."));
    }
  }

  @Override
  public String toString() {
    return id();
  }

  private ReplicaRecord record(ReplicaName name) {
    return new ReplicaRecord(beside(name, ".replica.json"), file(name), false);
  }

  private Path beside(ReplicaName name, String suffix) {
    return root.resolve(FileNames.encode(name.group()))
        .resolve(FileNames.encode(name.disk()) + suffix);
  }
}
