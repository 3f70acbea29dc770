// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import com.oneprocloud.sync.api.ConflictException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;

/**
 * Makes and removes snapshots of images: the only capability that writes to a cluster, and so with
 * a connection and a user of its own that may do no more than that.
 *
 * <p>Thread-safe. Calls on different images run side by side. A call returns only after the cluster
 * has confirmed the outcome; where a cluster answers falsely (a snapshot made, but "already exists"
 * returned after a time-out) the outcome is found out by looking. Closing twice does nothing.
 */
public interface Snapshotter extends AutoCloseable {
  /**
   * Takes a snapshot. Crash-consistent: as if the power had failed at one moment.
   *
   * @param image the image
   * @param name a name that was never used for this image before; make it unique
   * @return the snapshot
   * @throws ConflictException if there is a snapshot of that name that this call did not make, or
   *     the server that uses the image does not answer and would have to be cut off for a snapshot
   *     now
   * @throws NotFoundException if the image does not exist
   * @throws DeadlineException if the outcome is unknown; look for the name before trying again
   */
  Snapshot create(ImageSpec image, String name);

  /**
   * Removes a snapshot. Does nothing if the snapshot, told by its id, does not exist any more.
   *
   * @param image the image
   * @param snapshot the snapshot
   * @throws ConflictException if it is protected or busy
   * @throws NotFoundException if the image does not exist
   */
  void remove(ImageSpec image, Snapshot snapshot);

  @Override
  void close();
}
