// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.ceph.internal.library;

import com.sun.jna.NativeLibrary;

/**
 * The functions of librados that not every supported release has, by their C names and prototypes.
 * Each is looked up when it is called; whoever calls one has asked for the {@link
 * com.oneprocloud.sync.ceph.Capability} first.
 */
public final class NewerRados {
  /** {@code LIBRADOS_CHECKSUM_TYPE_XXHASH64}. Its first value is a little-endian 64-bit number. */
  public static final int XXHASH64 = 1;

  private final NativeLibrary library;

  NewerRados(NativeLibrary library) {
    this.library = library;
  }

  /**
   * {@code void rados_read_op_checksum(rados_read_op_t read_op, rados_checksum_type_t type, const
   * char *init_value, size_t init_value_len, uint64_t offset, size_t len, size_t chunk_size, char
   * *pchecksum, size_t checksum_len, int *prval)}; Luminous and later.
   */
  public void rados_read_op_checksum(
      long operation,
      int type,
      long init,
      long initLength,
      long offset,
      long length,
      long chunk,
      long checksums,
      long checksumsLength,
      long result) {
    library
        .getFunction("rados_read_op_checksum")
        .invokeVoid(
            new Object[] {
              operation,
              type,
              init,
              initLength,
              offset,
              length,
              chunk,
              checksums,
              checksumsLength,
              result
            });
  }
}
