// SPDX-License-Identifier: Apache-2.0
/** Inventory, Cinder snapshots and pool discovery through the OpenStack API. */
module com.oneprocloud.sync.openstack {
  requires transitive com.oneprocloud.sync.api;
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.yaml;
  requires okhttp3;
  requires org.slf4j;
  requires static org.jspecify;

  exports com.oneprocloud.sync.openstack;
}
