// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Objects;
import java.util.Optional;

/**
 * How to prove to Keystone who we are. Immutable. No {@code toString} of these shows a secret.
 *
 * <p>Application credentials are the best choice for long jobs: they are bound to one project, can
 * be revoked alone, and do not lock the user's account when they are wrong.
 */
public sealed interface Credentials {
  /**
   * A user's password.
   *
   * @param user the user's name
   * @param domain the name of the user's domain, usually {@code "Default"}
   * @param password the secret
   */
  static Password password(String user, String domain, String password) {
    return new Password(IdOrName.name(user), Optional.of(IdOrName.name(domain)), password);
  }

  /**
   * A token that the user already has; good until it expires, since it cannot be renewed.
   *
   * @param token the secret
   */
  static Token token(String token) {
    return new Token(token);
  }

  /**
   * An application credential (Queens and later).
   *
   * @param id its id
   * @param secret its secret
   */
  static ApplicationCredential applicationCredential(String id, String secret) {
    return new ApplicationCredential(IdOrName.id(id), Optional.empty(), Optional.empty(), secret);
  }

  /**
   * An application credential by name, which is unique within its user.
   *
   * @param name its name
   * @param user the user's name
   * @param domain the name of the user's domain
   * @param secret its secret
   */
  static ApplicationCredential applicationCredential(
      String name, String user, String domain, String secret) {
    return new ApplicationCredential(
        IdOrName.name(name),
        Optional.of(IdOrName.name(user)),
        Optional.of(IdOrName.name(domain)),
        secret);
  }

  /**
   * A user and a password.
   *
   * @param user the user
   * @param domain the user's domain; needed if the user is given by name
   * @param password the secret
   */
  record Password(IdOrName user, Optional<IdOrName> domain, String password)
      implements Credentials {
    /** Checks that all parts are there. */
    public Password {
      Objects.requireNonNull(user, "user");
      Objects.requireNonNull(domain, "domain");
      Objects.requireNonNull(password, "password");
    }

    @Override
    public String toString() {
      return "password of user " + user + domain.map(it -> " in domain " + it).orElse("");
    }
  }

  /**
   * A token obtained elsewhere.
   *
   * @param token the secret
   */
  record Token(String token) implements Credentials {
    /** Checks that there is a token. */
    public Token {
      if (Objects.requireNonNull(token, "token").isEmpty()) {
        throw new IllegalArgumentException("empty token");
      }
    }

    @Override
    public String toString() {
      return "a given token";
    }
  }

  /**
   * An application credential.
   *
   * @param credential the credential
   * @param user its user; needed if the credential is given by name
   * @param domain the user's domain; needed if the user is given by name
   * @param secret the secret
   */
  record ApplicationCredential(
      IdOrName credential, Optional<IdOrName> user, Optional<IdOrName> domain, String secret)
      implements Credentials {
    /** Checks that all parts are there. */
    public ApplicationCredential {
      Objects.requireNonNull(credential, "credential");
      Objects.requireNonNull(user, "user");
      Objects.requireNonNull(domain, "domain");
      Objects.requireNonNull(secret, "secret");
      if (credential.kind() == IdOrName.Kind.NAME && user.isEmpty()) {
        throw new IllegalArgumentException(
            "application credential " + credential + " is given by name, so its user is needed");
      }
    }

    @Override
    public String toString() {
      return "application credential " + credential + user.map(it -> " of user " + it).orElse("");
    }
  }
}
