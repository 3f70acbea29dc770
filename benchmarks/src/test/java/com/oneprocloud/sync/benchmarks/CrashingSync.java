// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import com.oneprocloud.sync.api.DiskPlan;
import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.Fault;
import com.oneprocloud.sync.api.SyncListener;
import com.oneprocloud.sync.api.SyncPlan;
import com.oneprocloud.sync.api.chain.SyncMode;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.target.Replica;
import com.oneprocloud.sync.api.target.ReplicaName;
import com.oneprocloud.sync.api.target.ReplicaState;
import com.oneprocloud.sync.api.target.Target;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.EngineSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.List;

/**
 * A process that makes one run of one image of a real Ceph, and may be killed at any moment of it.
 * Keeps a log of what it wrote to the replica: 16 bytes for each write, its offset and length.
 */
final class CrashingSync {
  private CrashingSync() {}

  /**
   * Runs.
   *
   * @param arguments ceph.conf, image, folder, FULL or AUTO, and how many hours the clock is ahead,
   *     so that leases of killed processes have expired
   */
  public static void main(String[] arguments) throws IOException {
    Path conf = Path.of(arguments[0]);
    ImageSpec image = ImageSpec.parse(arguments[1]);
    Path folder = Path.of(arguments[2]);
    SyncMode wanted = SyncMode.valueOf(arguments[3]);
    Clock clock = Clock.offset(Clock.systemUTC(), Duration.ofHours(Long.parseLong(arguments[4])));
    try (FileChannel log =
            FileChannel.open(
                folder.resolve("written"),
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING,
                StandardOpenOption.WRITE);
        CephCluster cluster = CephCluster.connect(CephConfig.fromFile(conf, "client.sync-reader"));
        CephSnapshotter snapshotter =
            CephSnapshotter.connect(CephConfig.fromFile(conf, "client.sync-snapshotter"));
        SyncEngine engine =
            SyncEngine.builder()
                .storage(cluster)
                .snapshotter(snapshotter)
                .chains(DirectoryChainStore.at(folder.resolve("chains"), clock))
                .settings(EngineSettings.defaults().withFlushPeriod(Duration.ofMillis(100)))
                .build()) {
      Target target = new LoggingTarget(DirectoryTarget.at(folder.resolve("replicas")), log);
      System.out.println("READY");
      SyncPlan plan = engine.plan(image, target);
      if (!plan.resumes() && wanted != SyncMode.AUTO) {
        plan = engine.plan(image, target, wanted);
      }
      DiskReport report = engine.run(plan, new Telling()).disks().get(0);
      System.out.println(
          "COMMITTED "
              + report.committed().manifest().sequence()
              + " "
              + report.verdict()
              + ", "
              + report.reason()
              + ", taken up at "
              + report.resumedAt()
              + ", read "
              + report.bytesRead());
    }
  }

  /** Tells which phase of which kind of run it is. */
  private static final class Telling implements SyncListener {
    @Override
    public void phaseStarted(DiskPlan disk, Phase phase) {
      String kind = disk.verdict() + (disk.resumes().isPresent() ? " taken up" : "");
      System.out.println("PHASE " + kind + ", " + phase);
    }
  }

  /** A target that logs what was written. */
  private record LoggingTarget(Target target, FileChannel log) implements Target {
    @Override
    public String id() {
      return target.id();
    }

    @Override
    public List<Fault> check(ReplicaName name, long size) {
      return target.check(name, size);
    }

    @Override
    public ReplicaState state(ReplicaName name) {
      return target.state(name);
    }

    @Override
    public Replica open(ReplicaName name) {
      return new LoggingReplica(target.open(name), log);
    }
  }

  private record LoggingReplica(Replica replica, FileChannel log) implements Replica {
    @Override
    public void write(long offset, ByteBuffer data) {
      ByteBuffer record = ByteBuffer.allocate(16).putLong(offset).putLong(data.remaining()).flip();
      replica.write(offset, data);
      try {
        synchronized (log) {
          while (record.hasRemaining()) {
            log.write(record);
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public ReplicaState state() {
      return replica.state();
    }

    @Override
    public void mark(ReplicaState state) {
      replica.mark(state);
    }

    @Override
    public long size() {
      return replica.size();
    }

    @Override
    public void resize(long size) {
      replica.resize(size);
    }

    @Override
    public boolean clear(long size) {
      return replica.clear(size);
    }

    @Override
    public boolean clearsToZero() {
      return replica.clearsToZero();
    }

    @Override
    public void zero(long offset, long length) {
      replica.zero(offset, length);
    }

    @Override
    public void read(long offset, ByteBuffer into) {
      replica.read(offset, into);
    }

    @Override
    public void flush() {
      replica.flush();
    }

    @Override
    public String epoch() {
      return replica.epoch();
    }

    @Override
    public void close() {
      replica.close();
    }
  }
}
