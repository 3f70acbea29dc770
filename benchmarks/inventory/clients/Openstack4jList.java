// SPDX-License-Identifier: Apache-2.0
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.sun.management.OperatingSystemMXBean;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openstack4j.api.OSClient.OSClientV3;
import org.openstack4j.model.common.Identifier;
import org.openstack4j.model.compute.Flavor;
import org.openstack4j.model.compute.Server;
import org.openstack4j.openstack.OSFactory;

/**
 * The same with openstack4j, which follows no links to further pages and gives a flavor's id only:
 * both are done here by hand, with as few requests as its interface allows.
 */
public final class Openstack4jList {
  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private Openstack4jList() {}

  public static void main(String[] arguments) throws Exception {
    JsonNode auth =
        new ObjectMapper(new YAMLFactory())
            .readTree(new File(arguments[0]))
            .path("clouds")
            .path(arguments[1])
            .path("auth");
    for (int time = 0; time < Integer.parseInt(arguments[2]); time++) {
      long start = System.nanoTime();
      long cpu = PROCESS.getProcessCpuTime();
      Identifier domain = Identifier.byName("Default");
      OSClientV3 cloud =
          OSFactory.builderV3()
              .endpoint(auth.path("auth_url").asText())
              .credentials(auth.path("username").asText(), auth.path("password").asText(), domain)
              .scopeToProject(Identifier.byName(auth.path("project_name").asText()), domain)
              .authenticate();
      Map<String, Flavor> flavors = new HashMap<>();
      cloud.compute().flavors().list(true).forEach(it -> flavors.put(it.getId(), it));
      int servers = 0;
      int vcpus = 0;
      int volumes = 0;
      Map<String, String> query = new HashMap<>();
      while (true) {
        List<? extends Server> page =
            query.isEmpty()
                ? cloud.compute().servers().list(true)
                : cloud.compute().servers().list(query);
        for (Server server : page) {
          servers++;
          vcpus += flavors.get(server.getFlavorId()).getVcpus();
          volumes += server.getOsExtendedVolumesAttached().size();
        }
        if (page.size() < 1000) {
          break;
        }
        query.put("marker", page.get(page.size() - 1).getId());
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
