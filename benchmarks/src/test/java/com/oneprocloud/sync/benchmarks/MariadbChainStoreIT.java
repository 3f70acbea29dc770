// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.tck.DatabaseLab;

class MariadbChainStoreIT extends DatabaseChainStoreContract {
  MariadbChainStoreIT() {
    super(DatabaseLab.Server.MARIADB);
  }
}
