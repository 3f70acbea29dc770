// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.api.tck;

import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.VolumeId;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.opentest4j.TestAbortedException;

/**
 * A real OpenStack on the loopback address for tests, over the cluster of {@link CephLab}: the
 * cloud of {@code benchmarks/lab/openstack}. Its {@link #cloudsYaml} has the entries {@code lab}
 * (user and project {@code demo}), {@code lab-admin}, {@code lab-other} (another project) and
 * {@code lab-appcred} (an application credential of {@code demo}). It stays up after the tests;
 * tests share it, name what they make uniquely and remove it.
 *
 * <p>The system property or environment variable {@code SYNC_LAB_OPENSTACK} is the OpenStack
 * release: {@code victoria}, the default, or {@code zed}.
 *
 * <p>Immutable and safe for use by many threads.
 */
public final class OpenStackLab {
  private static final Duration UP = Duration.ofMinutes(20);

  private final Map<String, String> values;

  private OpenStackLab(Map<String, String> values) {
    this.values = values;
  }

  /**
   * Brings Ceph and the cloud up: seconds when it runs already, about a minute from nothing, and
   * minutes more when packages must come first.
   *
   * @param options options of the command in force from now on, for instance {@code --token-ttl
   *     10}; with {@code --release zed} it is that cloud, whatever the setting says
   * @throws TestAbortedException when this machine cannot carry the lab (no root, no apt), unless
   *     {@code CI=true} or {@code SYNC_LAB_REQUIRED=true}
   * @throws AssertionError when it cannot and one of these is set
   * @throws IllegalStateException when the cloud does not come up
   */
  public static OpenStackLab start(String... options) {
    return new OpenStackLab(run("up", options));
  }

  /**
   * Brings up the cloud and its two demo servers, which write to all their disks about once a
   * second; throws as {@link #start}.
   */
  public static Demo startDemo(String... options) {
    Map<String, String> values = run("demo", options);
    OpenStackLab lab = new OpenStackLab(values);
    return new Demo(
        lab,
        new ServerId(lab.value("WEB_1")),
        new VolumeId(lab.value("WEB_1_ROOT")),
        new VolumeId(lab.value("WEB_1_DATA_SSD")),
        new VolumeId(lab.value("WEB_1_DATA_HDD")),
        new ServerId(lab.value("DB_1")));
  }

  /**
   * Does to a server or volume of the user {@code demo} what its owner does, and waits until it is
   * done: {@code act} of the command.
   *
   * @param words for instance {@code extend VOLUME 2}; the command's help lists them
   * @return what it printed
   */
  public Map<String, String> act(String... words) {
    List<String> arguments = new ArrayList<>(List.of("--release", release()));
    arguments.addAll(List.of(words));
    return run("act", arguments.toArray(String[]::new));
  }

  private static Map<String, String> run(String verb, String... options) {
    List<String> arguments = new ArrayList<>(List.of(verb));
    String release = LabCommand.setting("SYNC_LAB_OPENSTACK");
    if (release != null && !release.isBlank()) {
      arguments.addAll(List.of("--release", release));
    }
    arguments.addAll(List.of(options));
    return new LabCommand("openstack").values(UP, arguments.toArray(String[]::new));
  }

  private String value(String key) {
    String value = values.get(key);
    if (value == null) {
      throw new IllegalStateException("benchmarks/lab/openstack printed no " + key + ": " + values);
    }
    return value;
  }

  /** The file with the clouds' addresses and credentials, readable by its owner only. */
  public Path cloudsYaml() {
    return Path.of(value("CLOUDS_YAML"));
  }

  /** Keystone's address, for instance {@code http://127.0.0.1:23000/v3}. */
  public URI authUrl() {
    return URI.create(value("AUTH_URL"));
  }

  /** The {@code ceph.conf} of the cluster below the cloud. */
  public Path cephConf() {
    return Path.of(value("CEPH_CONF"));
  }

  /** The OpenStack release, {@code victoria} or {@code zed}. */
  public String release() {
    return value("OPENSTACK_RELEASE");
  }

  @Override
  public String toString() {
    return release() + " at " + authUrl();
  }

  /**
   * The demo servers.
   *
   * @param lab the cloud they run in, in the project of its entry {@code lab}
   * @param web {@code web-1}, booted from the volume {@code webRoot}
   * @param webRoot its first disk, of type {@code ceph-ssd} (pool {@code volumes})
   * @param webSsd its second disk, of type {@code ceph-ssd}
   * @param webHdd its third disk, of type {@code ceph-hdd} (pool {@code volumes-hdd})
   * @param database {@code db-1}, booted from an image; its disk is in the pool {@code vms}
   */
  public record Demo(
      OpenStackLab lab,
      ServerId web,
      VolumeId webRoot,
      VolumeId webSsd,
      VolumeId webHdd,
      ServerId database) {}
}
