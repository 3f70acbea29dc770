// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.tck.DatabaseLab;

class PostgresqlChainStoreIT extends DatabaseChainStoreContract {
  PostgresqlChainStoreIT() {
    super(DatabaseLab.Server.POSTGRESQL);
  }
}
