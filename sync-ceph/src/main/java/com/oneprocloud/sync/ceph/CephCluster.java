// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.UnsupportedException;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageIdentity;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.ceph.internal.Connection;
import com.oneprocloud.sync.ceph.internal.Directory;
import com.oneprocloud.sync.ceph.internal.RbdImage;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A Ceph cluster through librados and librbd, read-only. The user that it connects as needs to read
 * only; see the package's description.
 *
 * <p>Thread-safe. Calls that block run on threads of this object and are given up at their
 * deadlines. A library that never answers keeps the thread and the handles it works with until it
 * does, which {@link #lostCalls} and {@link #description} tell; everything else goes on.
 */
public final class CephCluster implements StorageCluster {
  private final Connection connection;
  private final Directory directory;

  private CephCluster(Connection connection) {
    this.connection = connection;
    this.directory = new Directory(connection);
  }

  /**
   * Connects to a cluster ({@code rados_connect}).
   *
   * @param config how and as whom
   * @return the cluster, to be closed by the caller
   * @throws AuthenticationException if the cluster does not accept user and key
   * @throws DeadlineException if no monitor answers
   * @throws NotFoundException if the configuration file or the library folder does not exist
   * @throws UnsupportedException if the client libraries cannot be loaded
   */
  public static CephCluster connect(CephConfig config) {
    return connect(config, Set.of());
  }

  /** Connects, with capabilities treated as missing. */
  static CephCluster connect(CephConfig config, Set<Capability> hidden) {
    return new CephCluster(Connection.open(config, Connection.Use.READ, hidden));
  }

  @Override
  public String fsid() {
    return connection.fsid();
  }

  @Override
  public String description() {
    String lost =
        lostCalls() == 0
            ? ""
            : "; " + lostCalls() + " calls are past their deadline inside the library";
    Capabilities libraries = capabilities();
    return "Ceph "
        + directory.serverVersions()
        + " through librados "
        + libraries.librados()
        + ", librbd "
        + libraries.librbd()
        + lost;
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
   * How many native handles, reads in flight and blocks of native memory are open; 0 once this is
   * closed, unless calls are lost.
   */
  public long openHandles() {
    return connection.balance().total();
  }

  @Override
  public List<String> pools() {
    return directory.pools();
  }

  @Override
  public List<String> images(String pool, String namespace) {
    return directory.images(pool, namespace);
  }

  @Override
  public Optional<ImageIdentity> find(ImageSpec image) {
    return directory.find(image);
  }

  @Override
  public Image open(ImageSpec image) {
    return RbdImage.open(connection, image);
  }

  @Override
  public void close() {
    connection.close();
  }

  /** What this is made of, for tests. */
  Connection connection() {
    return connection;
  }

  @Override
  public String toString() {
    return "Ceph cluster " + fsid();
  }
}
