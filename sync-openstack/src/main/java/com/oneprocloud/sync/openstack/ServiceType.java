// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The OpenStack services that this SDK talks to. */
public enum ServiceType {
  /** Keystone. */
  IDENTITY("identity"),
  /** Nova. */
  COMPUTE("compute"),
  /** Cinder, under any of the names that it had in catalogs. */
  BLOCK_STORAGE("block-storage volumev3 volumev2 volume block-store"),
  /** Glance. */
  IMAGE("image");

  private final String names;

  ServiceType(String names) {
    this.names = names;
  }

  /** The name in the service types authority: {@code "block-storage"}. */
  public String officialName() {
    return aliases().get(0);
  }

  /** The types under which catalogs list it, the best first. */
  public List<String> aliases() {
    return List.of(names.split(" ", -1));
  }

  /** The service of this catalog type, {@code -} and {@code _} being alike. */
  public static Optional<ServiceType> ofAlias(String alias) {
    String wanted = alias.toLowerCase(Locale.ROOT).replace('_', '-');
    for (ServiceType type : values()) {
      if (type.aliases().contains(wanted)) {
        return Optional.of(type);
      }
    }
    return Optional.empty();
  }

  @Override
  public String toString() {
    return officialName();
  }
}
