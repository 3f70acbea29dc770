// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A Cinder volume.
 *
 * @param id its id
 * @param name its display name; may be empty
 * @param nameId the id that its image is named after, where the cloud told that it differs from
 *     {@code id} (a volume migrated in use)
 * @param projectId the project it belongs to, if told
 * @param size bytes
 * @param status the cloud's word, in lower case: {@code "in-use"}, {@code "available"}, {@code
 *     "error"}, ...
 * @param type the volume type's name; empty if the volume has none
 * @param host {@code host@backend#pool}, told to administrators only
 * @param bootable whether a server can boot from it
 * @param encrypted whether its image holds ciphertext
 * @param multiattach whether several servers may use it at a time
 * @param migrationStatus the cloud's word for a migration under way or done, if told
 * @param attachments the servers that use it
 * @param metadata its metadata
 * @param created when it was made, if told
 */
public record Volume(
    VolumeId id,
    String name,
    Optional<VolumeId> nameId,
    Optional<String> projectId,
    long size,
    String status,
    Optional<String> type,
    Optional<String> host,
    boolean bootable,
    boolean encrypted,
    boolean multiattach,
    Optional<String> migrationStatus,
    List<Attachment> attachments,
    Map<String, String> metadata,
    Optional<Instant> created) {
  /** Copies the collections. */
  public Volume {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(nameId, "nameId");
    Objects.requireNonNull(projectId, "projectId");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(migrationStatus, "migrationStatus");
    Objects.requireNonNull(created, "created");
    attachments = List.copyOf(attachments);
    metadata = Map.copyOf(metadata);
  }

  /** The id that the volume's image is named after. */
  public VolumeId imageId() {
    return nameId.orElse(id);
  }

  /**
   * The use of a volume by a server.
   *
   * @param server the server
   * @param device the device name that the server was told, if any: {@code "/dev/vdb"}
   * @param attachmentId the attachment's id, if told
   */
  public record Attachment(
      ServerId server, Optional<String> device, Optional<String> attachmentId) {
    /** Checks that all parts are there. */
    public Attachment {
      Objects.requireNonNull(server, "server");
      Objects.requireNonNull(device, "device");
      Objects.requireNonNull(attachmentId, "attachmentId");
    }
  }
}
