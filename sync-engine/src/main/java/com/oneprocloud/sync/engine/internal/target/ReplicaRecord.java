// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.target;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.TargetException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.chain.ManifestHash;
import com.oneprocloud.sync.api.chain.RunId;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.engine.internal.chain.DurableFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** The file beside a replica that says what it holds. */
public final class ReplicaRecord {
  private static final int FORMAT = 1;
  private static final String STAMP = "left";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final Path content;
  private final boolean device;

  /**
   * The record in a file, whether it exists or not.
   *
   * @param file the record's file
   * @param content the replica's file or device, to notice when somebody else changes it
   * @param device whether it is a device
   */
  public ReplicaRecord(Path file, Path content, boolean device) {
    this.file = file;
    this.content = content;
    this.device = device;
  }

  /** Whether there is a record. */
  public boolean exists() {
    return Files.exists(file);
  }

  /**
   * What the record says.
   *
   * @return {@link ReplicaState.Empty} if there is no record
   */
  public ReplicaState read() {
    try {
      Optional<byte[]> record = DurableFiles.read(file);
      return record.isEmpty() ? new ReplicaState.Empty() : parse(record.get());
    } catch (IOException e) {
      throw failed("read replica record", "it cannot be read: " + e.getMessage(), e);
    }
  }

  /** Replaces the record, durably. */
  public void write(ReplicaState state) {
    write(state, true);
  }

  /**
   * Replaces the record, durably.
   *
   * @param settled whether nothing changes the replica after this; a record of a point that is not
   *     settled cannot tell whether somebody else changed it
   */
  void write(ReplicaState state, boolean settled) {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
    if (state instanceof ReplicaState.InFlight inFlight) {
      root.put("state", "in-flight").put("run", inFlight.run().value());
      inFlight.from().ifPresent(from -> root.put("from", from.hex()));
    } else if (state instanceof ReplicaState.Committed committed) {
      root.put("state", "committed").put("at", committed.at().hex());
      if (settled) {
        stamp(OptionalLong.empty()).ifPresent(stamp -> root.put(STAMP, stamp));
      }
    } else {
      root.put("state", "empty");
    }
    try {
      DurableFiles.replace(file, (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed("write replica record", "it cannot be written: " + e.getMessage(), e);
    }
  }

  private ReplicaState parse(byte[] record) {
    JsonNode root;
    try {
      root = JSON.readTree(new String(record, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      return damaged(e);
    }
    int format = root.path("format").asInt();
    if (format > FORMAT) {
      throw new UnsupportedException(
          SyncException.failed("read replica record", file)
              .because("it has format %d, this version reads up to %d", format, FORMAT)
              .advice("Use the version of this SDK that wrote it, or a later one."));
    }
    try {
      return switch (root.path("state").asText()) {
        case "empty" -> new ReplicaState.Empty();
        case "in-flight" ->
            new ReplicaState.InFlight(
                Optional.ofNullable(root.get("from")).map(it -> new ManifestHash(it.asText())),
                new RunId(root.path("run").asText()));
        case "committed" -> committed(root);
        default -> throw new IllegalArgumentException("unknown state " + root.path("state"));
      };
    } catch (IllegalArgumentException e) {
      return damaged(e);
    }
  }

  private ReplicaState committed(JsonNode root) {
    Optional<String> recorded = Optional.ofNullable(root.get(STAMP)).map(JsonNode::asText);
    Optional<String> now = recorded.flatMap(it -> stamp(sizeIn(it)));
    if (recorded.isPresent() && now.isPresent() && !recorded.equals(now)) {
      return new ReplicaState.Changed(
          "it has " + now.get() + ", it was left with " + recorded.get());
    }
    return new ReplicaState.Committed(new ManifestHash(root.path("at").asText()));
  }

  private ReplicaState damaged(Exception cause) {
    return new ReplicaState.Changed(
        "its record " + file + " is damaged (" + cause.getMessage() + ")");
  }

  /**
   * What changes when somebody writes to the replica. For a file its time, to a millisecond, which
   * copies keep; a device has none and is sampled.
   *
   * @param size how much of a device counts; all of it if that is not told
   */
  private Optional<String> stamp(OptionalLong size) {
    try {
      if (device) {
        return DeviceSample.of(content, size.isPresent() ? size.getAsLong() : deviceSize());
      }
      long modified = Files.getLastModifiedTime(content).toMillis();
      return Optional.of(Files.size(content) + " bytes of " + Instant.ofEpochMilli(modified));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** A device may have grown since. */
  private static OptionalLong sizeIn(String stamp) {
    String number = stamp.substring(0, Math.max(0, stamp.indexOf(' ')));
    return number.matches("\\d{1,18}")
        ? OptionalLong.of(Long.parseLong(number))
        : OptionalLong.empty();
  }

  private long deviceSize() throws IOException {
    try (FileChannel channel = FileChannel.open(content, StandardOpenOption.READ)) {
      return channel.size();
    }
  }

  private TargetException failed(String operation, String why, Exception cause) {
    return new TargetException(
        SyncException.failed(operation, file)
            .because("%s", why)
            .advice(
                "Without the record nobody knows what the replica holds: repair it, or ask for a full run.")
            .cause(cause));
  }
}
