// SPDX-License-Identifier: Apache-2.0
import com.oneprocloud.sync.api.inventory.Flavor;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.openstack.CloudConfig;
import com.oneprocloud.sync.openstack.OpenStackCloud;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;

/** Logs in and lists every server with its flavor, several times; prints one line a time. */
public final class SyncList {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private SyncList() {}

  public static void main(String[] arguments) {
    CloudConfig config = CloudConfig.fromCloudsYaml(Path.of(arguments[0]), arguments[1]);
    for (int time = 0; time < Integer.parseInt(arguments[2]); time++) {
      long start = System.nanoTime();
      long cpu = PROCESS.getProcessCpuTime();
      int servers = 0;
      int vcpus = 0;
      int volumes = 0;
      try (OpenStackCloud cloud = OpenStackCloud.connect(config)) {
        for (Server server : cloud.servers(ServerQuery.all())) {
          servers++;
          vcpus += server.flavor().map(Flavor::vcpus).orElse(0);
          volumes += server.volumeIds().size();
        }
      }
      System.out.printf(
          "%d %d %d %.3f %.3f%n",
          servers,
          vcpus,
          volumes,
          (System.nanoTime() - start) / 1e9,
          (PROCESS.getProcessCpuTime() - cpu) / 1e9);
    }
  }
}
