// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.chain.ChainId;
import com.oneprocloud.sync.api.chain.SnapshotRef;
import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshotId;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.VolumeId;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Snapshots that the cloud takes of a volume, with the library that the server's host uses itself.
 * They are the cloud's to remove, and told to be ours by their metadata.
 */
public final class VolumeSnapshots implements DiskSnapshots {
  /** The key under which a cloud snapshot has its owner. */
  static final String OWNER = "sync-owner";

  /** The key under which a cloud snapshot has its chain. */
  static final String CHAIN = "sync-chain";

  private final CloudSnapshots cloud;
  private final VolumeId volume;
  private final Map<String, String> metadata;
  private final Duration timeout;
  private final @Nullable ServerSnapshots together;

  /**
   * Snapshots of one chain's volume.
   *
   * @param cloud takes and removes them
   * @param volume the volume
   * @param owner whose they are
   * @param chain the chain
   * @param timeout how long the cloud may take for each
   * @param together what takes it together with those of the server's other volumes; null to take
   *     it by itself
   */
  public VolumeSnapshots(
      CloudSnapshots cloud,
      VolumeId volume,
      String owner,
      ChainId chain,
      Duration timeout,
      @Nullable ServerSnapshots together) {
    this.cloud = cloud;
    this.volume = volume;
    this.metadata = Map.of(OWNER, owner, CHAIN, chain.brief());
    this.timeout = timeout;
    this.together = together;
    if (together != null) {
      together.add(volume, metadata);
    }
  }

  @Override
  public SnapshotRef take(Image image, String name) {
    CloudSnapshot taken =
        together != null
            ? together.take(volume, name)
            : cloud.create(List.of(volume), name, metadata, timeout).get(0);
    try {
      Snapshot snapshot = image.snapshot(taken.imageSnapshotName());
      return new SnapshotRef(
          snapshot.id(), snapshot.name(), snapshot.size(), Optional.of(taken.id().value()));
    } catch (SyncException e) {
      try {
        cloud.remove(taken.id(), timeout);
      } catch (SyncException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  @Override
  public void remove(Image image, SnapshotRef snapshot) {
    cloud.remove(CloudSnapshotId.of(snapshot.cloudId().orElseThrow()), timeout);
  }

  @Override
  public List<String> prune(Image image, Set<SnapshotRef> keep) {
    Set<String> kept =
        keep.stream().flatMap(ref -> ref.cloudId().stream()).collect(Collectors.toSet());
    List<String> left = new ArrayList<>();
    for (CloudSnapshot snapshot : cloud.withMetadata(volume, metadata)) {
      if (!kept.contains(snapshot.id().value())) {
        try {
          cloud.remove(snapshot.id(), timeout);
        } catch (SyncException e) {
          left.add("Cloud snapshot " + snapshot.id() + " was left: " + e.getMessage());
        }
      }
    }
    return left;
  }
}
