// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.storage;

import java.util.Objects;

/**
 * Where an image is found: pool, namespace and name. A spec is an address, not an identity: an
 * image can be renamed, or deleted and made again under the same name. {@link ImageIdentity} tells
 * such images apart.
 *
 * @param pool the pool's name
 * @param namespace the RADOS namespace within the pool; empty for the default one
 * @param name the image's name
 */
public record ImageSpec(String pool, String namespace, String name)
    implements Comparable<ImageSpec> {
  /** Checks that pool and name are there and that no part holds a separator. */
  public ImageSpec {
    check("pool", pool);
    check("name", name);
    Objects.requireNonNull(namespace, "namespace");
    if (namespace.indexOf('/') >= 0) {
      throw new IllegalArgumentException("namespace holds a '/': " + namespace);
    }
  }

  /** An image in a pool's default namespace. */
  public static ImageSpec of(String pool, String name) {
    return new ImageSpec(pool, "", name);
  }

  /** An image in a namespace of a pool. */
  public static ImageSpec of(String pool, String namespace, String name) {
    return new ImageSpec(pool, namespace, name);
  }

  /**
   * Reads the notation of the rbd command: {@code pool/image} or {@code pool/namespace/image}.
   *
   * @throws IllegalArgumentException if the text is neither
   */
  public static ImageSpec parse(String text) {
    String[] parts = text.split("/", -1);
    return switch (parts.length) {
      case 2 -> of(parts[0], parts[1]);
      case 3 -> of(parts[0], parts[1], parts[2]);
      default ->
          throw new IllegalArgumentException(
              "not an image spec (pool/image or pool/namespace/image): " + text);
    };
  }

  @Override
  public int compareTo(ImageSpec other) {
    int order = pool.compareTo(other.pool);
    order = order != 0 ? order : namespace.compareTo(other.namespace);
    return order != 0 ? order : name.compareTo(other.name);
  }

  /** The notation of the rbd command. */
  @Override
  public String toString() {
    return namespace.isEmpty() ? pool + "/" + name : pool + "/" + namespace + "/" + name;
  }

  private static void check(String what, String value) {
    if (Objects.requireNonNull(value, what).isEmpty() || value.indexOf('/') >= 0) {
      throw new IllegalArgumentException(what + " is empty or holds a '/': '" + value + "'");
    }
  }
}
