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
import com.oneprocloud.sync.engine.internal.target.FileReplica;
import com.oneprocloud.sync.engine.internal.target.ReplicaRecord;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;

/**
 * Block devices, one for each disk. A device has no place for a record of its own, so the records
 * are in a directory; a full run overwrites the device.
 *
 * <p>A device that is not the one that was left, or that somebody made a file system on or mounted,
 * is noticed by a sample of its content and refused in the plan. Changes of a few bytes in its
 * middle are not: verify with {@code Verification.ALL} if others can write to it.
 */
public final class BlockDeviceTarget implements Target {
  private final Map<ReplicaName, Path> devices;
  private final Path records;

  private BlockDeviceTarget(Map<ReplicaName, Path> devices, Path records) {
    this.devices = Map.copyOf(devices);
    this.records = records;
  }

  /**
   * A target of several devices.
   *
   * @param devices the device of each replica; use names that stay the same, such as {@code
   *     /dev/disk/by-id/...}
   * @param records a directory for the records of what the devices hold; on a disk that survives
   *     with them
   */
  public static BlockDeviceTarget of(Map<ReplicaName, Path> devices, Path records) {
    return new BlockDeviceTarget(devices, records.toAbsolutePath().normalize());
  }

  @Override
  public String id() {
    return "devices:" + records;
  }

  @Override
  public List<Fault> check(ReplicaName name, long size) {
    Path device = devices.get(name);
    if (device == null) {
      return List.of(
          new Fault(id(), "there is no device for " + name, "Name one when making the target."));
    }
    if (!Files.exists(device)) {
      return List.of(new Fault(id(), device + " does not exist", "Attach the device."));
    }
    if (Files.isRegularFile(device)) {
      return List.of(
          new Fault(id(), device + " is a regular file", "Use a DirectoryTarget for files."));
    }
    if (!Files.isWritable(device)) {
      return List.of(new Fault(id(), device + " cannot be written", "Let this user write to it."));
    }
    try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
      return channel.size() >= size
          ? List.of()
          : List.of(
              new Fault(
                  id(),
                  device + " holds " + channel.size() + " bytes, the image has " + size,
                  "Give a device that is at least as large as the disk."));
    } catch (IOException e) {
      return List.of(
          new Fault(id(), device + " cannot be read: " + e.getMessage(), "Check the device."));
    }
  }

  @Override
  public ReplicaState state(ReplicaName name) {
    return record(device(name)).read();
  }

  @Override
  public Replica open(ReplicaName name) {
    Path device = device(name);
    try {
      DurableFiles.createDirectories(records);
    } catch (IOException e) {
      throw new TargetException(
          SyncException.failed("make directory", records)
              .because("%s", String.valueOf(e.getMessage()))
              .advice("Check that the directory for records may be written.")
              .cause(e));
    }
    return FileReplica.open(device, true, record(device));
  }

  @Override
  public Replica openToRead(ReplicaName name) {
    Path device = device(name);
    return FileReplica.openToRead(device, true, record(device));
  }

  @Override
  public String toString() {
    return id();
  }

  private Path device(ReplicaName name) {
    Path device = devices.get(name);
    if (device == null) {
      throw new TargetException(
          SyncException.failed("open replica", name)
              .because("there is no device for it")
              .advice("Name one when making the target."));
    }
    return device;
  }

  private ReplicaRecord record(Path device) {
    String name = device.toString().replace('/', '_');
    return new ReplicaRecord(records.resolve(name + ".replica.json"), device, true);
  }
}
