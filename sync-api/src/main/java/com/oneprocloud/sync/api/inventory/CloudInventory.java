// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import com.oneprocloud.sync.api.AuthenticationException;
import com.oneprocloud.sync.api.DeadlineException;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.storage.ImageSpec;
import java.util.List;
import java.util.Optional;

/**
 * What a cloud tells of its servers and their disks. Read-only: nothing reached through this
 * interface changes the cloud.
 *
 * <p>Thread-safe. Every method asks the cloud anew, blocks until it has the whole answer (all
 * pages) and can throw {@link AuthenticationException}, {@link DeadlineException} and other {@link
 * SyncException}s.
 */
public interface CloudInventory extends AutoCloseable {
  /** A name for people: the cloud's name, endpoint or both. */
  String description();

  /** The servers that a query selects, in the order in which the cloud lists them. */
  List<Server> servers(ServerQuery query);

  /**
   * One server.
   *
   * @throws NotFoundException if there is none in the sight of the user
   */
  Server server(ServerId id);

  /**
   * The disks of a server: the boot disk first, then the others as far as an order is known. Disks
   * whose content is not worth moving (swap, config drive) are listed too, with their kind.
   */
  List<Disk> disks(Server server);

  /** The volumes of the user's own project. */
  List<Volume> volumes();

  /**
   * One volume.
   *
   * @throws NotFoundException if there is none in the sight of the user
   */
  Volume volume(VolumeId id);

  /** The names of the volume types that the user may see. */
  List<String> volumeTypes();

  /**
   * Where the cloud itself says that the image of a disk is, if it tells this user without being
   * changed by the question (connection data of an attachment).
   */
  Optional<ImageSpec> imageOf(Disk disk);

  @Override
  void close();
}
