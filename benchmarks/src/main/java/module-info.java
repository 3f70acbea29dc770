// SPDX-License-Identifier: Apache-2.0
/** Benchmarks, side-by-side runs, the lab and the quickstart; never published. */
module com.oneprocloud.sync.benchmarks {
  requires com.oneprocloud.sync.api;
  requires com.oneprocloud.sync.ceph;
  requires com.oneprocloud.sync.engine;
  requires com.oneprocloud.sync.openstack;
  requires java.management;
  requires jmh.core;
  requires org.slf4j;
  requires static org.jspecify;
}
