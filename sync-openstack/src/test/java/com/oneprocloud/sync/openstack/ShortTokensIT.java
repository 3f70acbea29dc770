// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.openstack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.tck.OpenStackLab;
import com.oneprocloud.sync.openstack.internal.config.CloudFiles;
import com.oneprocloud.sync.openstack.internal.http.Ticker;
import com.oneprocloud.sync.openstack.internal.identity.Token;
import com.oneprocloud.sync.openstack.internal.service.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** A job that lives longer than its tokens, on a real cloud that gives them ten seconds. */
class ShortTokensIT {
  private static final Duration JOB = Duration.ofSeconds(35);

  @AfterAll
  static void giveTokensTheirLifeBack() {
    OpenStackLab.start("--token-ttl", "3600");
  }

  @Test
  void tokensAreRenewedAsTheyRunOut() throws Exception {
    OpenStackLab.Demo demo = OpenStackLab.startDemo("--token-ttl", "10");
    Path yaml = demo.lab().cloudsYaml();
    CloudConfig config =
        new CloudFiles(
                Map.of("OS_CLIENT_CONFIG_FILE", yaml.toString()),
                yaml.getParent(),
                yaml.getParent())
            .cloud("lab-appcred");
    try (OpenStackCloud cloud = OpenStackCloud.connect(config);
        Session session = new Session(config, Ticker.system())) {
      Set<Token> tokens = new HashSet<>();
      long end = System.nanoTime() + JOB.toNanos();
      while (System.nanoTime() < end) {
        Server web = cloud.server(demo.web());
        assertEquals(3, cloud.disks(web).size());
        tokens.add(session.tokens().token());
        Thread.sleep(200);
      }
      assertTrue(tokens.size() >= 4, "tokens in " + JOB + ": " + tokens.size());
    }
  }
}
