// SPDX-License-Identifier: Apache-2.0
package com.oneprocloud.sync.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.oneprocloud.sync.api.DiskReport;
import com.oneprocloud.sync.api.chain.Verdict;
import com.oneprocloud.sync.api.storage.ImageSpec;
import com.oneprocloud.sync.api.tck.CephLab;
import com.oneprocloud.sync.api.tck.StorageFixture.ImageOptions;
import com.oneprocloud.sync.api.tck.StorageFixture.WritableImage;
import com.oneprocloud.sync.ceph.CephCluster;
import com.oneprocloud.sync.ceph.CephConfig;
import com.oneprocloud.sync.ceph.CephSnapshotter;
import com.oneprocloud.sync.ceph.fixture.CephFixture;
import com.oneprocloud.sync.engine.DirectoryChainStore;
import com.oneprocloud.sync.engine.ReconcileReport;
import com.oneprocloud.sync.engine.ReconcileReport.Found;
import com.oneprocloud.sync.engine.ReconcileReport.State;
import com.oneprocloud.sync.engine.ReconcileSettings;
import com.oneprocloud.sync.engine.SyncEngine;
import com.oneprocloud.sync.engine.target.DirectoryTarget;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Snapshots that were left on a real Ceph; what is said to remove them by hand does. */
class CephReconcileIT {
  private static final int SIZE = 8 << 20;

  private static final ReconcileSettings NOW =
      ReconcileSettings.lookOnly().removing().withGrace(Duration.ZERO);

  @TempDir Path folder;

  private final CephLab lab = CephLab.start();
  private CephFixture fixture;
  private WritableImage image;
  private CephCluster cluster;
  private CephSnapshotter snapshotter;
  private SyncEngine engine;

  @BeforeEach
  void open() {
    fixture = new CephFixture(lab);
    image = fixture.create(ImageOptions.of(SIZE, 4 << 20));
    image.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
    cluster = CephCluster.connect(CephConfig.fromFile(lab.conf(), "client.sync-reader"));
    snapshotter =
        CephSnapshotter.connect(CephConfig.fromFile(lab.conf(), "client.sync-snapshotter"));
    engine =
        SyncEngine.builder()
            .storage(cluster)
            .snapshotter(snapshotter)
            .chains(DirectoryChainStore.at(folder.resolve("chains")))
            .owner("reconcile-it")
            .build();
  }

  @AfterEach
  void close() {
    engine.close();
    snapshotter.close();
    cluster.close();
    image.close();
    fixture.close();
  }

  private DiskReport sync() {
    return engine
        .run(engine.plan(image.spec(), DirectoryTarget.at(folder.resolve("replicas"))))
        .disks()
        .get(0);
  }

  private static List<String> names(ReconcileReport report, State state) {
    return report.in(state).stream().map(Found::name).toList();
  }

  @Test
  void whatIsLeftIsRemovedAndWhatCannotBeIsRemovedByTheCommandThatIsGiven() throws Exception {
    String first = sync().committed().manifest().snapshot().name();
    String second = sync().committed().manifest().snapshot().name();
    String chain = first.substring(0, first.lastIndexOf('.', first.lastIndexOf('.') - 1) + 1);
    image.createSnapshot("foreign");
    image.createSnapshot(chain + "7.0123abcd");
    image.createSnapshot(chain + "8.0123abcd");
    ImageSpec spec = image.spec();
    lab.rbd("snap", "protect", spec + "@" + chain + "8.0123abcd");

    ReconcileReport look = engine.reconcile(ReconcileSettings.lookOnly().withGrace(Duration.ZERO));
    assertEquals(List.of(first, second), names(look, State.NEEDED), look::toString);
    assertEquals(
        List.of(chain + "7.0123abcd", chain + "8.0123abcd"),
        names(look, State.LEAKED),
        look::toString);
    ReconcileReport young = engine.reconcile(NOW.withGrace(Duration.ofHours(1)));
    assertEquals(2, young.in(State.YOUNG).size(), young::toString);

    ReconcileReport done = engine.reconcile(NOW);
    assertEquals(List.of(chain + "7.0123abcd"), names(done, State.REMOVED), done::toString);
    assertEquals(List.of(chain + "8.0123abcd"), names(done, State.STUCK), done::toString);
    administrator(done.in(State.STUCK).get(0).command().orElseThrow());
    ReconcileReport clean = engine.reconcile(NOW);
    assertEquals(2, clean.snapshots().size(), clean::toString);
    assertEquals(List.of(), clean.notes());
    assertTrue(lab.rbd("snap", "ls", spec.toString()).contains("foreign"));
    assertEquals(Verdict.CONTINUE, sync().verdict());
  }

  private void administrator(String command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", command).redirectErrorStream(true);
    builder.environment().put("CEPH_CONF", lab.conf().toString());
    builder.environment().remove("LD_LIBRARY_PATH");
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> command + " hangs");
    assertEquals(0, process.exitValue(), () -> command + ": " + output);
  }
}
