// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.target;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A replica in a raw file or on a block device. Locked for as long as it is open, so that no second
 * run writes to it.
 */
public final class FileReplica implements Replica {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");
  private static final int ZERO_PIECE = 1 << 20;

  /** One for all replicas: memory must not grow with the disks that are open. */
  private static final ByteBuffer ZEROS = ByteBuffer.allocate(ZERO_PIECE).asReadOnlyBuffer();

  private final Path file;
  private final boolean device;
  private final FileChannel channel;
  private final ReplicaRecord record;
  private ReplicaState state;

  private FileReplica(
      Path file, boolean device, FileChannel channel, ReplicaRecord record, ReplicaState state) {
    this.file = file;
    this.device = device;
    this.channel = channel;
    this.record = record;
    this.state = state;
  }

  /**
   * Opens a replica.
   *
   * @param file the raw file, made if it is not there, or a block device
   * @param device whether it is a block device
   * @param record where it is recorded what the replica holds
   */
  public static FileReplica open(Path file, boolean device, ReplicaRecord record) {
    Set<OpenOption> options =
        device
            ? Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE)
            : Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
    return open(file, device, record, options);
  }

  /** Opens a replica that is there, to be read; others may read it at the same time. */
  public static FileReplica openToRead(Path file, boolean device, ReplicaRecord record) {
    return open(file, device, record, Set.of(StandardOpenOption.READ));
  }

  private static FileReplica open(
      Path file, boolean device, ReplicaRecord record, Set<OpenOption> options) {
    ReplicaState state = record.read();
    boolean shared = !options.contains(StandardOpenOption.WRITE);
    FileChannel channel = null;
    try {
      channel = FileChannel.open(file, options);
      if (channel.tryLock(0, Long.MAX_VALUE, shared) == null) {
        throw locked(file);
      }
      return new FileReplica(file, device, channel, record, state);
    } catch (IOException e) {
      closeQuietly(channel, e);
      throw failed("open replica", file, e);
    } catch (OverlappingFileLockException e) {
      closeQuietly(channel, e);
      throw locked(file);
    } catch (TargetException e) {
      closeQuietly(channel, e);
      throw e;
    }
  }

  @Override
  public ReplicaState state() {
    return state;
  }

  @Override
  public void mark(ReplicaState next) {
    record.write(next);
    state = next;
  }

  @Override
  public long size() {
    try {
      return channel.size();
    } catch (IOException e) {
      throw failed("ask size", file, e);
    }
  }

  @Override
  public void resize(long size) {
    try {
      if (device) {
        if (size > channel.size()) {
          throw tooSmall(file, channel.size(), size);
        }
      } else if (size < channel.size()) {
        truncate(size);
      } else if (size > channel.size()) {
        // the only way to grow a file without filling it
        channel.write(ByteBuffer.allocate(1), size - 1);
      }
    } catch (IOException e) {
      throw failed("resize replica", file, e);
    }
  }

  private void truncate(long size) throws IOException {
    if (state instanceof ReplicaState.Committed) {
      // the point stays the same while the file becomes another for whoever looks at it
      record.write(state, false);
      channel.truncate(size);
      channel.force(true);
      record.write(state);
    } else {
      channel.truncate(size);
    }
  }

  @Override
  public boolean clear(long size) {
    if (!device) {
      resize(0);
    }
    resize(size);
    return clearsToZero();
  }

  @Override
  public boolean clearsToZero() {
    return !device;
  }

  @Override
  public void write(long offset, ByteBuffer data) {
    try {
      long at = offset;
      while (data.hasRemaining()) {
        at += channel.write(data, at);
      }
    } catch (IOException e) {
      throw failed("write replica", file + " at " + offset, e);
    }
  }

  @Override
  public void zero(long offset, long length) {
    ByteBuffer held = ByteBuffer.allocate((int) Math.min(length, ZERO_PIECE));
    for (long at = offset; at < offset + length; at += ZERO_PIECE) {
      int piece = (int) Math.min(ZERO_PIECE, offset + length - at);
      // what is a hole already must not be filled
      read(at, held.clear().limit(piece));
      if (held.flip().mismatch(ZEROS.duplicate().clear().limit(piece)) >= 0) {
        write(at, ZEROS.duplicate().clear().limit(piece));
      }
    }
  }

  @Override
  public void read(long offset, ByteBuffer into) {
    try {
      long at = offset;
      while (into.hasRemaining()) {
        int count = channel.read(into, at);
        if (count < 0) {
          throw new TargetException(
              SyncException.failed("read replica", file + " at " + at)
                  .because("the replica ends there")
                  .advice("Somebody made it shorter; plan again."));
        }
        at += count;
      }
    } catch (IOException e) {
      throw failed("read replica", file + " at " + offset, e);
    }
  }

  @Override
  public void flush() {
    try {
      channel.force(true);
    } catch (IOException e) {
      throw failed("flush replica", file, e);
    }
  }

  /**
   * The boot of this machine: what a killed process had written is in the page cache, and lost only
   * with it.
   */
  @Override
  public String epoch() {
    try {
      return "boot " + Files.readString(BOOT_ID).strip();
    } catch (IOException e) {
      // nothing to tell boots apart by: only what was flushed counts then
      return "open " + UUID.randomUUID();
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw failed("close replica", file, e);
    }
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /** The error for a target that cannot hold an image. */
  public static TargetException tooSmall(Path file, long size, long needed) {
    return new TargetException(
        SyncException.failed("resize replica", file)
            .because("it holds %d bytes, the image has %d", size, needed)
            .advice("Give a device that is at least as large as the disk."));
  }

  private static TargetException locked(Path file) {
    return new TargetException(
        SyncException.failed("open replica", file)
            .because("another run has it open")
            .advice("Let the other run end, then plan again."));
  }

  private static TargetException failed(String operation, Object subject, IOException cause) {
    String why = String.valueOf(cause.getMessage());
    SyncException.Details details = SyncException.failed(operation, subject).cause(cause);
    if (why.contains("No space left on device")) {
      return new TargetException(
          details
              .code("ENOSPC")
              .because("the target is full")
              .advice("Make room and run again: the run goes on where it stopped."));
    }
    if (why.contains("Input/output error")) {
      return new TargetException(
          details
              .code("EIO")
              .because("the target's device failed")
              .advice(
                  "Check the device; what was written since the last flush is not to be relied on."));
    }
    return new TargetException(
        details
            .because("%s: %s", cause.getClass().getSimpleName(), why)
            .advice("Check that the path exists and may be written."));
  }

  private static void closeQuietly(@Nullable FileChannel channel, Exception cause) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        cause.addSuppressed(e);
      }
    }
  }
}
