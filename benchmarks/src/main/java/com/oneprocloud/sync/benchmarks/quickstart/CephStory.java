// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks.quickstart;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.NotFoundException;
import com.oneprocloud.sync.api.StorageException;
import com.oneprocloud.sync.api.SyncException;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.SyncReport;
import com.oneprocloud.sync.api.chain.CommittedManifest;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.chain.Verification;
import com.oneprocloud.sync.api.inventory.CloudInventory;
import com.oneprocloud.sync.api.inventory.Server;
import com.oneprocloud.sync.api.inventory.ServerId;
import com.oneprocloud.sync.api.inventory.ServerQuery;
import com.oneprocloud.sync.api.mapping.PoolMapping;
import com.oneprocloud.sync.api.storage.Image;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.storage.Snapshot;
import com.oneprocloud.sync.api.storage.SnapshotReader;
import com.oneprocloud.sync.api.storage.StorageCluster;
import com.oneprocloud.sync.benchmarks.quickstart.Options.UsageException;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.ProgressBar;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import com.oneprocloud.sync.openstack.OpenStackCloud;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;

/** The main job on a real cluster: on one image, or on the disks of a server of a real cloud. */
final class CephStory {
  private final Options options;
  private final PrintStream out;
  private final Path conf;
  private final Optional<ImageSpec> image;
  private final PoolMapping mapping;
  private final DirectoryTarget target;
  private final DirectoryChainStore chains;
  private final SyncMode mode;
  private final EngineSettings settings;
  private final SyncListener bar;

  /**
   * Takes the options in.
   *
   * @throws UsageException if one is missing or makes no sense
   */
  CephStory(Options options, PrintStream out, PrintStream err) {
    this.options = options;
    this.out = out;
    this.conf = Path.of(options.required("ceph"));
    options.required("user");
    if (options.has("cloud") || options.has("server")) {
      options.required("cloud");
      options.required("server");
      if (options.has("image")) {
        throw new UsageException("--image and --server exclude each other");
      }
      this.image = Optional.empty();
    } else {
      this.image = Optional.of(parse("image", ImageSpec::parse));
    }
    this.mapping = options.has("pools") ? parse("pools", CephStory::mapping) : PoolMapping.empty();
    Path folder = Path.of(options.required("target"));
    this.target = DirectoryTarget.at(folder);
    this.chains = DirectoryChainStore.at(OfflineStory.chains(options, folder));
    this.mode = options.has("mode") ? parse("mode", it -> word(SyncMode.class, it)) : SyncMode.AUTO;
    Verification verification =
        options.has("verify")
            ? parse("verify", it -> word(Verification.class, it))
            : Verification.CHANGED;
    this.settings = EngineSettings.defaults().withVerification(verification);
    this.bar = ProgressBar.on(err);
  }

  void tell() throws IOException, InterruptedException {
    if (image.isPresent()) {
      tell(SyncEngine.builder(), (sync, how) -> sync.plan(image.get(), target, how));
      return;
    }
    try (OpenStackCloud cloud = OpenStackCloud.fromCloudsYaml(options.required("cloud"))) {
      ServerId server = server(cloud, options.required("server"));
      out.println(cloud.description());
      SyncEngine.Builder builder = SyncEngine.builder().inventory(cloud).mapping(mapping);
      if (options.has("cinder-snapshots")) {
        builder.cloudSnapshots(cloud.snapshots());
      }
      tell(builder, (sync, how) -> sync.plan(server, target, how));
    }
  }

  private void tell(SyncEngine.Builder builder, Planner planner)
      throws IOException, InterruptedException {
    String reader = options.required("user");
    String snapshots = options.value("snapshot-user").orElse(reader);
    try (CephCluster cluster = CephCluster.connect(config(reader));
        CephSnapshotter snapshotter = CephSnapshotter.connect(config(snapshots));
        SyncEngine sync =
            builder
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(chains)
                .owner(options.value("owner").orElse("quickstart"))
                .settings(settings)
                .build()) {
      out.println(cluster.description());
      out.println();
      if (options.has("plan")) {
        out.print(planner.plan(sync, mode));
        return;
      }
      SyncReport report = run(sync, planner.plan(sync, mode), cluster);
      if (options.has("write-demo")) {
        for (int i = 1; i <= 2; i++) {
          for (DiskReport disk : report.disks()) {
            write(options.required("write-demo"), disk.plan().image());
          }
          out.println();
          report = run(sync, planner.plan(sync, SyncMode.AUTO), cluster);
        }
      }
      out.println("Run this command again for the next point: it moves only what changes.");
    }
  }

  private SyncReport run(SyncEngine sync, SyncPlan plan, StorageCluster cluster)
      throws IOException, InterruptedException {
    out.println(plan);
    out.flush();
    SyncReport report = sync.run(plan, bar);
    out.println();
    out.print(report);
    for (DiskReport disk : report.disks()) {
      Path file = target.file(disk.plan().chain().replica());
      out.println("  replica " + file);
      if (options.has("check")) {
        check(cluster, disk, file);
      }
    }
    out.println();
    out.flush();
    return report;
  }

  private static ServerId server(CloudInventory cloud, String nameOrId) {
    if (nameOrId.matches("[0-9a-fA-F-]{36}")) {
      return cloud.server(ServerId.of(nameOrId)).id();
    }
    List<Server> servers = cloud.servers(ServerQuery.named(nameOrId));
    if (servers.size() != 1) {
      throw new NotFoundException(
          SyncException.failed("find server", nameOrId)
              .because("%d servers of the project have that name", servers.size())
              .advice("Give the id of the one that is meant."));
    }
    return servers.get(0).id();
  }

  private static PoolMapping mapping(String text) {
    PoolMapping.Builder mapping = PoolMapping.builder();
    for (String entry : text.split(",", -1)) {
      int equals = entry.lastIndexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("not TYPE=POOL: '" + entry + "'");
      }
      mapping.put(entry.substring(0, equals), entry.substring(equals + 1));
    }
    return mapping.build();
  }

  /** Reads all of snapshot and replica once more. */
  private void check(StorageCluster cluster, DiskReport disk, Path file)
      throws IOException, InterruptedException {
    try (Image source = cluster.open(disk.plan().image());
        SnapshotReader reader = source.at(snapshot(source, disk.committed()))) {
      Comparison comparison =
          Comparison.of(
              file,
              reader.size(),
              (offset, into) -> {
                try {
                  reader.read(offset, into).get();
                } catch (ExecutionException e) {
                  if (e.getCause() instanceof SyncException cause) {
                    throw cause;
                  }
                  throw new IOException(e);
                }
              });
      comparison.check(file);
      out.println("  every byte compared: " + comparison + ", sha256 " + comparison.sha256());
    }
  }

  private static Snapshot snapshot(Image source, CommittedManifest committed) {
    return source.snapshots().stream()
        .filter(it -> it.id().equals(committed.manifest().snapshot().id()))
        .findFirst()
        .orElseThrow();
  }

  /** Lets the rbd command write to the image, as a guest would through librbd. */
  private void write(String user, ImageSpec image) throws IOException, InterruptedException {
    String[] command = {
      "rbd",
      "--conf",
      conf.toString(),
      "--name",
      user,
      "bench",
      "--io-type",
      "write",
      "--io-pattern",
      "rand",
      "--io-size",
      "64K",
      "--io-total",
      "16M",
      image.toString()
    };
    out.println("Writing: " + String.join(" ", command));
    out.flush();
    Process rbd = new ProcessBuilder(command).redirectErrorStream(true).start();
    rbd.getOutputStream().close();
    String said = new String(rbd.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (rbd.waitFor() != 0) {
      throw new StorageException(
          SyncException.failed("write", image)
              .because("the rbd command ended with code %d: %s", rbd.exitValue(), said.strip())
              .advice("--write-demo needs the rbd command and a user that may write."));
    }
  }

  private CephConfig config(String user) {
    return CephConfig.fromFile(conf, user);
  }

  private interface Planner {
    SyncPlan plan(SyncEngine sync, SyncMode mode);
  }

  private interface Parser<T> {
    T parse(String text);
  }

  private <T> T parse(String option, Parser<T> parser) {
    try {
      return parser.parse(options.required(option));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--" + option + ": " + e.getMessage());
    }
  }

  private static <E extends Enum<E>> E word(Class<E> type, String text) {
    for (E value : type.getEnumConstants()) {
      if (value.name().equals(text.toUpperCase(Locale.ROOT))) {
        return value;
      }
    }
    throw new IllegalArgumentException("unknown word '" + text + "'");
  }
}
