// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.Snapshotter;
import com.oneprocloud.sync.ceph.internal.Connection;
import com.oneprocloud.sync.ceph.internal.RbdSnapshots;
import java.util.Objects;
import java.util.Set;

/**
 * Makes and removes snapshots through librbd, with a connection and a user of its own. See the
 * package's description for the least that this user must be allowed to do, and why it must not be
 * allowed to blocklist.
 *
 * <p>An image is open for writing only while a call is under way. A process that is killed in that
 * time leaves its registration as a watcher of the image for 30 s, in which snapshots of it are
 * slow; a process that ends by itself is made to wait for calls under way.
 *
 * <p>Thread-safe.
 */
public final class CephSnapshotter implements Snapshotter {
  private final Connection connection;
  private final RbdSnapshots snapshots;
  private final Thread atExit;

  private CephSnapshotter(Connection connection) {
    this.connection = connection;
    this.snapshots = new RbdSnapshots(connection);
    this.atExit = new Thread(connection::close, "ceph-snapshotter-exit");
  }

  /**
   * Connects to a cluster ({@code rados_connect}).
   *
   * @param config how and as whom
   * @return the snapshotter, to be closed by the caller
   * @throws AuthenticationException if the cluster does not accept user and key
   * @throws DeadlineException if no monitor answers
   * @throws UnsupportedException if the client libraries cannot be loaded
   */
  public static CephSnapshotter connect(CephConfig config) {
    return connect(config, Set.of());
  }

  /** Connects, with capabilities treated as missing. */
  static CephSnapshotter connect(CephConfig config, Set<Capability> hidden) {
    CephSnapshotter snapshotter =
        new CephSnapshotter(Connection.open(config, Connection.Use.SNAPSHOT, hidden));
    Runtime.getRuntime().addShutdownHook(snapshotter.atExit);
    return snapshotter;
  }

  @Override
  public Snapshot create(ImageSpec image, String name) {
    if (name.isEmpty() || name.indexOf('@') >= 0 || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException("no name for a snapshot: '" + name + "'");
    }
    return snapshots.create(Objects.requireNonNull(image, "image"), name);
  }

  @Override
  public void remove(ImageSpec image, Snapshot snapshot) {
    snapshots.remove(
        Objects.requireNonNull(image, "image"), Objects.requireNonNull(snapshot, "snapshot"));
  }

  /** What the client libraries can do. */
  public Capabilities capabilities() {
    return connection.capabilities();
  }

  /** How many calls were given up at their deadline and are still inside the client libraries. */
  public int lostCalls() {
    return connection.lostCalls();
  }

  /**
   * How many native handles and blocks of native memory are open; 0 once this is closed, unless
   * calls are lost.
   */
  public long openHandles() {
    return connection.balance().total();
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // The process is ending, and the hook does the same as the next line.
    }
    connection.close();
  }

  @Override
  public String toString() {
    return "snapshotter of Ceph cluster " + connection.fsid();
  }
}
