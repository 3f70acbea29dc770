// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.engine.memory;

/**
 * One operation that reached a {@link MemoryCluster}, as {@link Faults} sees it.
 *
 * @param kind what is asked for
 * @param number how many operations of that kind this connection has got with this one, from 1
 * @param subject what it is about: a pool, an image, {@code image@snapshot}
 * @param offset first byte, of a read, a digest or a diff; else 0
 * @param length bytes, of a read, a digest or a diff; else 0
 */
public record Call(Kind kind, long number, String subject, long offset, long length) {
  /** What can be asked of a cluster. */
  public enum Kind {
    /** {@code pools}, {@code images} and {@code find}. */
    LIST("list"),
    /** {@code open} of an image. */
    OPEN("open image"),
    /** {@code snapshots} and {@code snapshot} of an image. */
    SNAPSHOTS("list snapshots"),
    /** {@code at}: opening a snapshot for reading. */
    OPEN_SNAPSHOT("open snapshot"),
    /** {@code diff} of a reader. */
    DIFF("diff"),
    /** {@code read} of a reader. */
    READ("read"),
    /** {@code objectMap} of an image. */
    OBJECT_MAP("read object map"),
    /** {@code writtenSince} of a reader. */
    VERSIONS("compare objects"),
    /** {@code digests} of a reader, worked out by the cluster. */
    DIGEST("digest"),
    /** {@code create} of a snapshotter. */
    CREATE_SNAPSHOT("create snapshot"),
    /** {@code remove} of a snapshotter. */
    REMOVE_SNAPSHOT("remove snapshot");

    private final String phrase;

    Kind(String phrase) {
      this.phrase = phrase;
    }

    /** The verb phrase that errors name the operation by. */
    String phrase() {
      return phrase;
    }
  }
}
