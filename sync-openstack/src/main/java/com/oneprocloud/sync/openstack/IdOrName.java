// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.Objects;

/**
 * How a Keystone object (a user, a project, a domain) is named in a request: by its id or by its
 * name.
 *
 * @param kind which of the two {@code value} is
 * @param value the id or the name; not empty
 */
public record IdOrName(Kind kind, String value) {
  /** Checks that there is a value. */
  public IdOrName {
    Objects.requireNonNull(kind, "kind");
    if (Objects.requireNonNull(value, "value").isEmpty()) {
      throw new IllegalArgumentException("empty " + kind);
    }
  }

  /** The object with this id. */
  public static IdOrName id(String id) {
    return new IdOrName(Kind.ID, id);
  }

  /** The object with this name. */
  public static IdOrName name(String name) {
    return new IdOrName(Kind.NAME, name);
  }

  /** What the value is. */
  public enum Kind {
    /** An id. */
    ID,
    /** A name. */
    NAME
  }

  @Override
  public String toString() {
    return kind == Kind.ID ? "id " + value : value;
  }
}
