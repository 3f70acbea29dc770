// SPDX-License-Identifier: Apache-2.0
/** Ceph storage through librados and librbd. */
module com.oneprocloud.sync.ceph {
  requires transitive com.oneprocloud.sync.api;
  requires com.sun.jna;
  requires org.slf4j;
  requires static org.jspecify;

  exports com.oneprocloud.sync.ceph;

  // JNA makes the methods of callbacks callable.
  opens com.oneprocloud.sync.ceph.internal.library to
      com.sun.jna;
}
