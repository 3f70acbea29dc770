// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.PermissionException;
import com.oneprocloud.sync.api.SyncException;
import java.util.List;
import java.util.Optional;

/**
 * A cluster that keeps images, seen read-only: nothing that is reached through this interface
 * writes to the cluster, takes or breaks a lock, or leaves a watch on an image. Snapshots are made
 * through {@link Snapshotter}, a capability with a user of its own.
 *
 * <p>Thread-safe. Every method blocks for at most the deadlines that the cluster was connected with
 * and throws {@link DeadlineException} after that; every method can throw {@link
 * AuthenticationException}, {@link PermissionException} and other {@link SyncException}s. Closing a
 * cluster closes the images opened from it; closing twice does nothing.
 */
public interface StorageCluster extends AutoCloseable {
  /** The cluster's fsid. */
  String fsid();

  /**
   * What serves the cluster, for people: product and version of library and servers as far as
   * known.
   */
  String description();

  /** The names of all pools, sorted. */
  List<String> pools();

  /**
   * The images of a pool.
   *
   * @param pool the pool's name
   * @param namespace the namespace within it; empty for the default one
   * @return their names, sorted
   * @throws NotFoundException if there is no such pool
   */
  List<String> images(String pool, String namespace);

  /**
   * The identity of an image, without opening it.
   *
   * @return empty if pool, namespace or image do not exist
   */
  Optional<ImageIdentity> find(ImageSpec image);

  /**
   * Opens an image read-only.
   *
   * @return the image, to be closed by the caller
   * @throws NotFoundException if pool, namespace or image do not exist
   * @throws PermissionException if the user may not read the image or a pool that one of its
   *     parents lives in
   */
  Image open(ImageSpec image);

  @Override
  void close();
}
