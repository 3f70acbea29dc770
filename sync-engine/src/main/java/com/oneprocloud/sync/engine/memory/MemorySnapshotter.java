// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.Snapshotter;

/** Makes and removes snapshots through a connection. Thread-safe. */
final class MemorySnapshotter implements Snapshotter {
  private final MemoryCluster cluster;
  private volatile boolean closed;

  MemorySnapshotter(MemoryCluster cluster) {
    this.cluster = cluster;
    cluster.opened(this);
  }

  @Override
  public Snapshot create(ImageSpec image, String name) {
    checkOpen();
    Service service = cluster.service();
    return service.perform(
        service.call(Call.Kind.CREATE_SNAPSHOT, image + "@" + name, 0, 0),
        () -> cluster.disk(image).snapshot(name));
  }

  @Override
  public void remove(ImageSpec image, Snapshot snapshot) {
    checkOpen();
    Service service = cluster.service();
    service.perform(
        service.call(Call.Kind.REMOVE_SNAPSHOT, image + "@" + snapshot.name(), 0, 0),
        () -> cluster.disk(image).removeIfThere(snapshot));
  }

  @Override
  public void close() {
    closed = true;
    cluster.closed(this);
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the snapshotter is closed");
    }
    cluster.checkOpen();
  }
}
