// SPDX-License-Identifier: Apache-2.0
/** Ceph storage through librados and librbd. */
module com.oneprocloud.sync.ceph {
  requires transitive com.oneprocloud.sync.api;
  requires com.sun.jna;
  requires org.slf4j;
  requires static org.jspecify;
}
