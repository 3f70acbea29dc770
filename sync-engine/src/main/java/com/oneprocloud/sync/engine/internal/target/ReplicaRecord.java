// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.target;

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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The file beside a replica that says what it holds. */
public final class ReplicaRecord {
  private static final int FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;

  /** The record in a file, whether it exists or not. */
  public ReplicaRecord(Path file) {
    this.file = file;
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
      Optional<byte[]> content = DurableFiles.read(file);
      return content.isEmpty() ? new ReplicaState.Empty() : parse(content.get());
    } catch (IOException e) {
      throw failed("read replica record", "it cannot be read: " + e.getMessage(), e);
    }
  }

  /** Replaces the record, durably. */
  public void write(ReplicaState state) {
    ObjectNode root = JSON.createObjectNode().put("format", FORMAT);
    if (state instanceof ReplicaState.InFlight inFlight) {
      root.put("state", "in-flight").put("run", inFlight.run().value());
      inFlight.from().ifPresent(from -> root.put("from", from.hex()));
    } else if (state instanceof ReplicaState.Committed committed) {
      root.put("state", "committed").put("at", committed.at().hex());
    } else {
      root.put("state", "empty");
    }
    try {
      DurableFiles.replace(file, (root.toPrettyString() + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw failed("write replica record", "it cannot be written: " + e.getMessage(), e);
    }
  }

  private ReplicaState parse(byte[] content) throws IOException {
    JsonNode root = JSON.readTree(new String(content, StandardCharsets.UTF_8));
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
        case "committed" -> new ReplicaState.Committed(new ManifestHash(root.path("at").asText()));
        default -> throw new IllegalArgumentException("unknown state " + root.path("state"));
      };
    } catch (IllegalArgumentException e) {
      throw failed("read replica record", "it is damaged: " + e.getMessage(), e);
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
