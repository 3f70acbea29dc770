// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.inventory.CloudSnapshots;
import com.oneprocloud.sync.api.inventory.CloudSnapshots.QuiescedSnapshots;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.VolumeId;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of all volumes of a server, taken by one request with the guest quiesced. Whichever
 * disk wants its snapshot first makes the request; the others wait for it. Thread-safe.
 */
public final class ServerSnapshots {
  private final CloudSnapshots cloud;
  private final ServerId server;
  private final Duration timeout;
  private final Map<VolumeId, Map<String, String>> volumes = new LinkedHashMap<>();
  private @Nullable CompletableFuture<QuiescedSnapshots> request;

  /** The snapshots of a server; its volumes are added before the first is taken. */
  public ServerSnapshots(CloudSnapshots cloud, ServerId server, Duration timeout) {
    this.cloud = cloud;
    this.server = server;
    this.timeout = timeout;
  }

  synchronized void add(VolumeId volume, Map<String, String> metadata) {
    volumes.put(volume, metadata);
  }

  /** The snapshot of a volume. If the request failed, every disk gets the same exception. */
  CloudSnapshot take(VolumeId volume, String name) {
    CompletableFuture<QuiescedSnapshots> ours = new CompletableFuture<>();
    CompletableFuture<QuiescedSnapshots> made;
    Map<VolumeId, Map<String, String>> wanted;
    synchronized (this) {
      made = request == null ? ours : request;
      request = made;
      wanted = new LinkedHashMap<>(volumes);
    }
    if (made == ours) {
      try {
        ours.complete(cloud.createQuiesced(server, wanted, name, timeout));
      } catch (RuntimeException | Error e) {
        ours.completeExceptionally(e);
        throw e;
      }
    }
    try {
      return made.join().snapshots().stream()
          .filter(it -> it.volume().equals(volume))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no snapshot of volume " + volume));
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Whether snapshots were taken and the cloud tried to quiesce the guest for them. */
  public synchronized boolean attempted() {
    return request != null && !request.isCompletedExceptionally() && request.join().attempted();
  }
}
