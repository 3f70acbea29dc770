// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack.internal.identity;

import com.oneprocloud.sync.openstack.internal.http.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A token, what it is good for and until when, on our own clock. Immutable. */
public final class Token {
  private static final Duration MARGIN = Duration.ofMinutes(2);

  private final String secret;
  private final Optional<String> projectId;
  private final Optional<String> projectName;
  private final Optional<String> userId;
  private final List<String> roles;
  private final Catalog catalog;
  private final long expiresAtNanos;
  private final long refreshAtNanos;

  /**
   * A token.
   *
   * @param lifetime how long it is good for, by Keystone's own clock
   * @param receivedAtNanos when we asked for it, by the ticker
   */
  Token(
      String secret,
      Optional<String> projectId,
      Optional<String> projectName,
      Optional<String> userId,
      List<String> roles,
      Catalog catalog,
      Duration lifetime,
      long receivedAtNanos) {
    this.secret = secret;
    this.projectId = projectId;
    this.projectName = projectName;
    this.userId = userId;
    this.roles = List.copyOf(roles);
    this.catalog = catalog;
    this.expiresAtNanos = receivedAtNanos + lifetime.toNanos();
    // A token that lives for seconds would otherwise be renewed before each call.
    Duration fifth = lifetime.dividedBy(5);
    Duration margin = fifth.compareTo(MARGIN) < 0 ? fifth : MARGIN;
    this.refreshAtNanos = expiresAtNanos - margin.toNanos();
  }

  /** The secret itself, for the header. */
  public String secret() {
    return secret;
  }

  /** The project that it is scoped to. */
  public Optional<String> projectId() {
    return projectId;
  }

  /** The name of the project. */
  public Optional<String> projectName() {
    return projectName;
  }

  /** The user. */
  public Optional<String> userId() {
    return userId;
  }

  /** The roles that it carries. */
  public List<String> roles() {
    return roles;
  }

  /** The endpoints. */
  public Catalog catalog() {
    return catalog;
  }

  boolean hasExpired(Ticker ticker) {
    return expiresAtNanos - ticker.nanos() <= 0;
  }

  boolean isDue(Ticker ticker) {
    return refreshAtNanos - ticker.nanos() <= 0;
  }

  @Override
  public String toString() {
    return "Token[project " + projectId.orElse("none") + ", roles " + roles + "]";
  }
}
