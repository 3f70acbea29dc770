// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Objects;
import java.util.Optional;

/**
 * What a token is good for. Inventory and snapshots need a project; a server's own project is best,
 * since a snapshot belongs to the project that asks for it.
 */
public sealed interface Scope {
  /**
   * One project.
   *
   * @param name the project's name
   * @param domain the name of the project's domain, usually {@code "Default"}
   */
  static Project project(String name, String domain) {
    return new Project(IdOrName.name(name), Optional.of(IdOrName.name(domain)));
  }

  /** The project with this id. */
  static Project projectId(String id) {
    return new Project(IdOrName.id(id), Optional.empty());
  }

  /** A domain. */
  static Domain domain(IdOrName domain) {
    return new Domain(domain);
  }

  /** The whole system (Queens and later). Nova and Glance refuse it from 2023.1 on. */
  static SystemWide system() {
    return new SystemWide();
  }

  /** What a trust delegates. */
  static Trust trust(String trustId) {
    return new Trust(trustId);
  }

  /**
   * No scope is asked for: Keystone takes the user's default project, and an application credential
   * its own.
   */
  static Default byDefault() {
    return new Default();
  }

  /**
   * One project.
   *
   * @param project the project
   * @param domain its domain; needed if the project is given by name
   */
  record Project(IdOrName project, Optional<IdOrName> domain) implements Scope {
    /** Checks that all parts are there. */
    public Project {
      Objects.requireNonNull(project, "project");
      Objects.requireNonNull(domain, "domain");
    }

    @Override
    public String toString() {
      return "project " + project + domain.map(it -> " in domain " + it).orElse("");
    }
  }

  /**
   * A domain.
   *
   * @param domain the domain
   */
  record Domain(IdOrName domain) implements Scope {
    /** Checks that there is a domain. */
    public Domain {
      Objects.requireNonNull(domain, "domain");
    }

    @Override
    public String toString() {
      return "domain " + domain;
    }
  }

  /** The whole system. */
  record SystemWide() implements Scope {
    @Override
    public String toString() {
      return "system";
    }
  }

  /**
   * What a trust delegates.
   *
   * @param trustId the trust's id
   */
  record Trust(String trustId) implements Scope {
    /** Checks that there is an id. */
    public Trust {
      Objects.requireNonNull(trustId, "trustId");
    }

    @Override
    public String toString() {
      return "trust " + trustId;
    }
  }

  /** What Keystone chooses. */
  record Default() implements Scope {
    @Override
    public String toString() {
      return "default scope";
    }
  }
}
