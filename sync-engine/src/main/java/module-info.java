// SPDX-License-Identifier: Apache-2.0
/** Chain, diff choice, transfer, journal, targets, verification and the in-memory cluster. */
module com.oneprocloud.sync.engine {
  requires transitive com.oneprocloud.sync.api;
  requires transitive java.sql;
  requires com.fasterxml.jackson.databind;
  requires org.slf4j;
  requires static micrometer.core;
  requires static org.jspecify;

  exports com.oneprocloud.sync.engine;
  exports com.oneprocloud.sync.engine.memory;
  exports com.oneprocloud.sync.engine.micrometer;
  exports com.oneprocloud.sync.engine.target;
}
