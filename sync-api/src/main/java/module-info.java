// SPDX-License-Identifier: Apache-2.0
/** The words of the SDK as interfaces and records. It depends on nothing but JSpecify. */
module com.oneprocloud.sync.api {
  requires static transitive org.jspecify;

  exports com.oneprocloud.sync.api;
  exports com.oneprocloud.sync.api.chain;
  exports com.oneprocloud.sync.api.inventory;
  exports com.oneprocloud.sync.api.mapping;
  exports com.oneprocloud.sync.api.storage;
  exports com.oneprocloud.sync.api.target;
}
