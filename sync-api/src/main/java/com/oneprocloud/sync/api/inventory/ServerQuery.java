// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.inventory;

import java.util.Objects;
import java.util.Optional;

/**
 * Which servers to list.
 *
 * @param allProjects whether to look at every project; needs an administrator
 * @param projectId only servers of this project; needs an administrator unless it is the user's own
 * @param name only servers with exactly this name
 * @param status only servers with this status
 */
public record ServerQuery(
    boolean allProjects,
    Optional<String> projectId,
    Optional<String> name,
    Optional<String> status) {
  /** Checks that all parts are there. */
  public ServerQuery {
    Objects.requireNonNull(projectId, "projectId");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(status, "status");
  }

  /** The servers of the user's own project. */
  public static ServerQuery all() {
    return new ServerQuery(false, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The servers of every project. */
  public static ServerQuery everyProject() {
    return new ServerQuery(true, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The servers of the user's own project with exactly this name. */
  public static ServerQuery named(String name) {
    return new ServerQuery(false, Optional.empty(), Optional.of(name), Optional.empty());
  }
}
