// SPDX-License-Identifier: Apache-2.0
/** An embedder with a module descriptor. */
module com.example.modulepath {
  requires com.oneprocloud.sync.ceph;
  requires com.oneprocloud.sync.engine;
  requires com.oneprocloud.sync.openstack;
}
