// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.internal.point;

import com.oneprocloud.sync.api.inventory.CloudSnapshot;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;

/** The commands by which an administrator removes by hand what could not be removed. */
final class AdminCommand {
  private AdminCommand() {}

  /**
   * Removes a snapshot of an image. Where clones may depend on it they are listed first; what is
   * listed has to be flattened or removed.
   */
  static String remove(ImageSpec image, Snapshot snapshot) {
    String subject = quoted(image + "@" + snapshot.name());
    String remove = "rbd snap rm " + subject;
    return snapshot.isProtected()
        ? "rbd children " + subject + "; rbd snap unprotect " + subject + " && " + remove
        : remove;
  }

  /** Removes a snapshot of the cloud; one that is in an error state is brought out of it first. */
  static String remove(CloudSnapshot snapshot) {
    String id = quoted(snapshot.id().value());
    String remove = "openstack volume snapshot delete " + id;
    return snapshot.status().startsWith("error")
        ? "openstack volume snapshot set --state available " + id + " && " + remove
        : remove;
  }

  private static String quoted(String word) {
    return word.matches("[A-Za-z0-9_.:/@+-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
